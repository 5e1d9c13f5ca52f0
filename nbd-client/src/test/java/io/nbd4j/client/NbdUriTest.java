package io.nbd4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.nbd4j.client.NbdUri.Transport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rows are numbered as in the protocol notes' table of NBD URIs; its 59 examples are all here, and some of our own
 * behind.
 */
class NbdUriTest {
    @ParameterizedTest(name = "row {0}: {1}")
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "1  | nbd://localhost                 | localhost   | 10809 | ''          | -",
                "2  | nbd://localhost/                | localhost   | 10809 | ''          | -",
                "3  | nbd://example.com/disk          | example.com | 10809 | disk        | -",
                "4  | nbd://example.com//disk         | example.com | 10809 | /disk       | -",
                "5  | nbd://example.com/a/b/c         | example.com | 10809 | a/b/c       | -",
                "6  | nbd://example.com/a%2Fb         | example.com | 10809 | a/b         | -",
                "7  | nbd://example.com/hello%20world | example.com | 10809 | hello world | -",
                "8  | nbd://example.com/hello+world   | example.com | 10809 | hello+world | -",
                "9  | nbd://example.com/%C3%A9t%C3%A9 | example.com | 10809 | été         | -",
                "10 | nbd://example.com/../x          | example.com | 10809 | ../x        | -",
                "11 | nbd://example.com/%23           | example.com | 10809 | #           | -",
                "15 | nbd://[::1]/x                   | ::1         | 10809 | x           | -",
                "17 | nbd://alice@localhost/x         | localhost   | 10809 | x           | alice",
                "45 | nbd://localhost:/x              | localhost   | 10809 | x           | -",
                "52 | nbd://localhost/x?x-exp=1       | localhost   | 10809 | x           | -",
                "54 | NBD://localhost/x               | localhost   | 10809 | x           | -",
            })
    void parsesTcp(int row, String text, String host, int port, String exportName, @Nullable String username) {
        // When
        NbdUri uri = NbdUri.parse(text);

        // Then
        assertThat(uri.scheme()).isEqualTo("nbd");
        assertThat(uri.transport()).isEqualTo(Transport.TCP);
        assertThat(uri.host()).isEqualTo(host);
        assertThat(uri.port()).isEqualTo(port);
        assertThat(uri.socketPath()).isNull();
        assertThat(uri.exportName()).isEqualTo(exportName);
        assertThat(uri.username()).isEqualTo(username);
        assertThat(NbdUri.parse(uri.toString())).isEqualTo(uri).hasSameHashCodeAs(uri);
    }

    @ParameterizedTest(name = "row {0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "26 | nbd+unix:///disk?socket=/tmp/s    | /tmp/s      | disk",
                "27 | nbd+unix:///?socket=%2Ftmp%2Fs    | /tmp/s      | ''",
                "28 | nbd+unix:///?socket=/tmp/a%20b    | /tmp/a b    | ''",
                "29 | nbd+unix:///?socket=/tmp/a+b      | /tmp/a+b    | ''",
                "30 | nbd+unix://?socket=/tmp/s         | /tmp/s      | ''",
                "31 | nbd+unix:///?socket=%00/abstract  | '\0/abstract' | ''",
            })
    void parsesUnix(int row, String text, String socketPath, String exportName) {
        // When
        NbdUri uri = NbdUri.parse(text);

        // Then
        assertThat(uri.scheme()).isEqualTo("nbd+unix");
        assertThat(uri.transport()).isEqualTo(Transport.UNIX);
        assertThat(uri.socketPath()).isEqualTo(socketPath);
        assertThat(uri.host()).isNull();
        assertThat(uri.port()).isEqualTo(-1);
        assertThat(uri.exportName()).isEqualTo(exportName);
        assertThat(uri.username()).isNull();
        assertThat(NbdUri.parse(uri.toString())).isEqualTo(uri).hasSameHashCodeAs(uri);
    }

    @ParameterizedTest(name = "row {0}: {1}")
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "38 | nbd+vsock:///                       | nbd+vsock  | 2          | 10809      | ''",
                "39 | nbd+vsock://1:1234/e                | nbd+vsock  | 1          | 1234       | e",
                "62 | nbds+vsock://4294967294:4294967294/ | nbds+vsock | 4294967294 | 4294967294 | ''",
                "63 | NBD+VSOCK://0/                      | nbd+vsock  | 0          | 10809      | ''",
                "64 | nbd+vsock://:1/                     | nbd+vsock  | 2          | 1          | ''",
                "65 | nbd+vsock://3:/                     | nbd+vsock  | 3          | 10809      | ''",
            })
    void parsesVsock(int row, String text, String scheme, long cid, long port, String exportName) {
        // When
        NbdUri uri = NbdUri.parse(text);

        // Then
        assertThat(uri.scheme()).isEqualTo(scheme);
        assertThat(uri.transport()).isEqualTo(Transport.VSOCK);
        assertThat(uri.vsockCid()).isEqualTo(cid);
        assertThat(uri.vsockPort()).isEqualTo(port);
        assertThat(uri.exportName()).isEqualTo(exportName);
        assertThat(uri.host()).isNull();
        assertThat(uri.port()).isEqualTo(-1);
        assertThat(uri.socketPath()).isNull();
        assertThat(NbdUri.parse(uri.toString())).isEqualTo(uri).hasSameHashCodeAs(uri);
    }

    @ParameterizedTest(name = "row {0}: {1}")
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "41 | nbd+ssh://server/x                       | nbd+ssh  | server      | 22   | -         | x",
                "66 | nbds+ssh://alice@Server.example:2222/x   | nbds+ssh | server.example | 2222 | -      | x",
                "67 | nbd+ssh://[::1]/?socket=/tmp/a%20b       | nbd+ssh  | ::1         | 22   | /tmp/a b  | ''",
            })
    void parsesSsh(
            int row, String text, String scheme, String host, int port, @Nullable String socket, String exportName) {
        // When
        NbdUri uri = NbdUri.parse(text);

        // Then
        assertThat(uri.scheme()).isEqualTo(scheme);
        assertThat(uri.transport()).isEqualTo(Transport.SSH);
        assertThat(uri.host()).isEqualTo(host);
        assertThat(uri.port()).isEqualTo(port);
        assertThat(uri.socketPath()).isEqualTo(socket);
        assertThat(uri.exportName()).isEqualTo(exportName);
        assertThat(uri.vsockCid()).isEqualTo(-1);
        assertThat(uri.vsockPort()).isEqualTo(-1);
        assertThat(NbdUri.parse(uri.toString())).isEqualTo(uri).hasSameHashCodeAs(uri);
    }

    @ParameterizedTest(name = "row {0}: {1}")
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "22 | nbds://localhost/x?tls-verify-peer=0             | false | -    | -  | -",
                "24 | nbds://localhost/x?tls-certificates=/pki         | -     | /pki | -  | -",
                "25 | nbds+unix://alice@/?socket=/s&tls-psk-file=/k    | -     | -    | /k | -",
                "68 | nbds://h/?TLS-Verify-Peer=TRUE                   | true  | -    | -  | -",
                "69 | nbds://h/?tls-verify-peer=on&tls-type=X509       | true  | -    | -  | X509",
                "70 | nbds://h/?tls-verify-peer=off&tls-type=anon      | false | -    | -  | ANON",
                "71 | nbds://h/?tls-verify-peer=t                      | true  | -    | -  | -",
                "72 | nbds://h/?tls-verify-peer=f                      | false | -    | -  | -",
                "73 | nbds://h/?tls-verify-peer=yes                    | true  | -    | -  | -",
                "74 | nbds://h/?tls-verify-peer=n                      | false | -    | -  | -",
                "75 | nbd+ssh://h/?tls-certificates=/a%26b&tls-type=psk | -    | /a&b | -  | PSK",
            })
    void parsesTheParametersOfTls(
            int row,
            String text,
            @Nullable Boolean verifyPeer,
            @Nullable String certificates,
            @Nullable String pskFile,
            NbdUri.@Nullable TlsType type) {
        // When
        NbdUri uri = NbdUri.parse(text);

        // Then
        assertThat(uri.hasTlsParameters()).isTrue();
        assertThat(uri.tlsVerifyPeer()).isEqualTo(verifyPeer);
        assertThat(uri.tlsCertificates()).isEqualTo(certificates);
        assertThat(uri.tlsPskFile()).isEqualTo(pskFile);
        assertThat(uri.tlsType()).isEqualTo(type);
        assertThat(uri.namesLocalFile()).isEqualTo(certificates != null || pskFile != null);
        assertThat(NbdUri.parse(uri.toString())).isEqualTo(uri).hasSameHashCodeAs(uri);
    }

    @Test
    void takesParametersOfTlsWhereTlsIsUpToTheClient() {
        assertThat(NbdUri.parse("nbd://h/x?tls-hostname=foo").tlsHostname()).isEqualTo("foo");
        assertThat(NbdUri.parse("nbd://h/x").hasTlsParameters()).isFalse();
    }

    @Test
    void takesTheNamesOfParametersInAnyCase() {
        assertThat(NbdUri.parse("nbd+unix:///?SOCKET=/S")).isEqualTo(NbdUri.parse("nbd+unix:///?socket=/S"));
        assertThat(NbdUri.parse("nbd://h/?X-anything")).isEqualTo(NbdUri.parse("nbd://h/"));
    }

    @ParameterizedTest(name = "row {0}: {1}")
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "18 | nbds://localhost/x                               | localhost | -  | x  | -          | -",
                "19 | nbds://alice@localhost/x                         | localhost | -  | x  | alice      | -",
                "20 | nbds://al%20ice@localhost/x                      | localhost | -  | x  | 'al ice'   | -",
                "21 | nbds://localhost/x?tls-hostname=foo              | localhost | -  | x  | -          | foo",
                "60 | nbds+unix:///x?socket=/s                         | -         | /s | x  | -          | -",
                "61 | NBDS+unix:///x?tls-hostname=a.example&socket=/s  | -         | /s | x  | -          | a.example",
            })
    void parsesWhatRequiresTls(
            int row,
            String text,
            @Nullable String host,
            @Nullable String socketPath,
            String exportName,
            @Nullable String username,
            @Nullable String tlsHostname) {
        // When
        NbdUri uri = NbdUri.parse(text);

        // Then
        assertThat(uri.isTlsRequired()).isTrue();
        assertThat(uri.scheme()).isEqualTo(host == null ? "nbds+unix" : "nbds");
        assertThat(uri.host()).isEqualTo(host);
        assertThat(uri.socketPath()).isEqualTo(socketPath);
        assertThat(uri.exportName()).isEqualTo(exportName);
        assertThat(uri.username()).isEqualTo(username);
        assertThat(uri.tlsHostname()).isEqualTo(tlsHostname);
        assertThat(NbdUri.parse(uri.toString())).isEqualTo(uri).hasSameHashCodeAs(uri);
        assertThat(uri).isNotEqualTo(NbdUri.parse("nbd" + text.substring(4).replaceFirst("tls-hostname", "x-y")));
    }

    @ParameterizedTest(name = "row {0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "16 | nbd:///x                            | the host is missing; write nbd://HOST/EXPORT",
                "32 | nbd+unix://host/d?socket=/s         | a host makes no sense with nbd+unix: \"host\"",
                "23 | nbds://localhost/x?tls-verify-peer=maybe | the parameter tls-verify-peer is neither 1 nor 0, nor true, false, yes, no, on, off: \"maybe\"",
                "40 | nbd+vsock://host/                   | the CID is not a number from 0 to 4294967294: \"host\"",
                "53 | nbds://localhost/x?tls-username=bob | unknown parameter \"tls-username\"",
                "33 | nbd+unix:///disk                    | the parameter socket is missing, which nbd+unix needs",
                "34 | nbd+unix:///disk?socket=            | the parameter socket is empty",
                "35 | nbd+unix:/disk?socket=/s            | the scheme nbd+unix is not followed by :// in \"nbd+unix:/disk?socket=/s\"",
                "36 | nbd+unix:///d?socket=a&socket=b     | the parameter socket is repeated",
                "37 | nbd://localhost/?socket=/s          | the parameter socket belongs to nbd+unix, not to nbd",
                "42 | nbd://localhost:0/                  | the port is not a number from 1 to 65535: \"0\"",
                "43 | nbd://localhost:65536/              | the port is not a number from 1 to 65535: \"65536\"",
                "44 | nbd://localhost:abc/x               | the port is not a number from 1 to 65535: \"abc\"",
                "46 | nbd://::1/x                         | the host looks like an IPv6 address without its brackets: \"::1\"",
                "47 | nbd://localhost/a%00b               | the export name has a NUL",
                "48 | nbd://localhost/%zz                 | the export name has a % without two hexadecimal digits: \"%zz\"",
                "49 | nbd://localhost/a b                 | the export name has a character that must be percent-encoded: \" b\"",
                "50 | nbd://localhost/x#frag              | it has a fragment, which NBD does not define; a # in a name is written %23",
                "51 | nbd://localhost/x?unknown=1         | unknown parameter \"unknown\"",
                "55 | nbd:localhost:10809:exportname=foo  | the scheme nbd is not followed by :// in \"nbd:localhost:10809:exportname=foo\"",
                "56 | nbd:unix:/tmp/s                     | the scheme nbd is not followed by :// in \"nbd:unix:/tmp/s\"",
                "57 | localhost                           | \"localhost\" has no scheme; write nbd://HOST/EXPORT or nbd+unix:///EXPORT?socket=PATH",
                "57 | /tmp/s                              | \"/tmp/s\" has no scheme; write nbd://HOST/EXPORT or nbd+unix:///EXPORT?socket=PATH",
                "58 | http://localhost/                   | unknown scheme \"http\"; there are nbd and nbds, alone and followed by +unix, +vsock and +ssh",
                "58 | nbd+foo://x/                        | unknown scheme \"nbd+foo\"; there are nbd and nbds, alone and followed by +unix, +vsock and +ssh",
                "59 | nbd://                              | the host is missing; write nbd://HOST/EXPORT",
            })
    void refuses(int row, String text, String reason) {
        // Then
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NbdUri.parse(text))
                .withMessage("NBD URI: " + reason);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "localhost:10809                   | has no scheme",
                "''                                | has no scheme",
                "://x                              | has no scheme",
                "nbd://:10809/x                    | the host is missing",
                "nbd://a@/x                        | the host is missing",
                "nbd://a@b@c/x                     | the host has a character",
                "nbd://h%41/x                      | the host must not be percent-encoded",
                "nbd://a b/x                       | the host has a character",
                "nbd://hôte/x                      | the host has a character that must be percent-encoded: \"\\u00f4te\"",
                "nbd://[::1/x                      | the host has a [ without a ]",
                "nbd://[::1]x/                     | the host is followed by \"x\"",
                "nbd://[1.2.3.4]/                  | the host is not an IPv6 address",
                "nbd://[]/                         | the host is not an IPv6 address",
                "nbd://[fe80::1%eth0]/             | the zone of the host is not written as %25 and a name",
                "nbd://[fe80::1%25]/               | the zone of the host is not written as %25 and a name",
                "nbd://h:99999999999/x             | the port is not a number",
                "nbd://h:-1/x                      | the port is not a number",
                "nbd://h:+1/x                      | the port is not a number",
                "nbd://h:١/x                       | the port is not a number",
                "nbd://h/%ff                       | the export name is not UTF-8",
                "nbd://h/%c0%af                    | the export name is not UTF-8",
                "nbd://h/%ed%a0%80                 | the export name is not UTF-8",
                "nbd://h/%                         | the export name has a %",
                "nbd://h/%4                        | the export name has a %",
                "nbd://h/%+1                       | the export name has a %",
                "nbd://h/x[1]                      | the export name has a character",
                "nbd://h/été                       | the export name has a character",
                "nbd://a%00@h/                     | the user name has a NUL",
                "nbd://a%ff@h/                     | the user name is not UTF-8",
                "nbd://h/x?&                       | unknown parameter \"\"",
                "nbds://h/x?tls-hostname=          | the parameter tls-hostname is empty or has a NUL",
                "nbds://h/x?tls-hostname=a%00b     | the parameter tls-hostname is empty or has a NUL",
                "nbds://h/x?socket=/s              | the parameter socket belongs to nbd+unix",
                "nbd://h/x?tls-username=bob        | unknown parameter \"tls-username\"",
                "nbd://h/x?Socket=/s               | the parameter socket belongs to nbd+unix, not to nbd",
                "nbd+unix:///?socket=/a&SOCKET=/b  | the parameter socket is repeated",
                "nbd+unix:///?socket               | the parameter socket is empty",
                "nbd+unix:///?socket=%00           | the parameter socket is empty",
                "nbd+unix:///?socket=/a%00b        | the parameter socket has a NUL within its path",
                "nbd+unix:///?socket=/a%ff         | the parameter socket is not UTF-8",
                "nbd+unix:///?socket=/s&tls-type=x | the parameter tls-type is none of anon, x509 and psk: \"x\"",
                "nbds://h/?tls-certificates=       | the parameter tls-certificates is empty or has a NUL",
                "nbds://h/?tls-psk-file=/a%00b     | the parameter tls-psk-file is empty or has a NUL",
                "nbds://h/?tls-verify-peer=        | the parameter tls-verify-peer is neither 1 nor 0",
                "nbd+vsock://1/?socket=/s          | the parameter socket belongs to nbd+unix, not to nbd+vsock",
                "nbd+vsock://4294967295/           | the CID is not a number from 0 to 4294967294",
                "nbd+vsock://-1/                   | the CID is not a number from 0 to 4294967294",
                "nbd+vsock://1:0/                  | the port is not a number from 1 to 4294967294",
                "nbd+vsock://2:4294967295/x        | the port is not a number from 1 to 4294967294",
                "nbd+vsock://1:2:3/                | the port is not a number from 1 to 4294967294: \"2:3\"",
                "nbd+vsock://[::1]/                | the CID is not a number",
                "nbd+ssh:///x                      | the host is missing",
                "nbd+ssh://-oProxyCommand=x/       | the host can't be handed to ssh: \"-oproxycommand=x\"",
                "nbd+ssh://a$(b)/                  | the host can't be handed to ssh",
                "nbd+ssh://a;b/                    | the host can't be handed to ssh",
                "nbd+ssh://[fe80::1%25a%3Bb]/      | the host can't be handed to ssh",
                "nbd+ssh://h/?socket=              | the parameter socket is empty or has a NUL",
                "nbd+ssh://h/?socket=%00a          | the parameter socket is empty or has a NUL",
                "nbd+ssh://h:0/                    | the port is not a number from 1 to 65535",
                "nbd+unix://:1/?socket=/s          | a host makes no sense with nbd+unix",
            })
    void refusesWhatIsBeyondTheTableToo(String text, String reason) {
        // Then
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NbdUri.parse(text))
                .withMessageStartingWith("NBD URI: ")
                .withMessageContaining(reason);
    }

    @Test
    void parsesWhatJavaNetUriWouldLose() {
        // When
        NbdUri underscore = NbdUri.parse("nbd://my_host:10810/x");
        NbdUri zone = NbdUri.parse("nbd://[fe80::1%25eth%30]:1/");

        // Then
        assertThat(underscore.host()).isEqualTo("my_host");
        assertThat(underscore.port()).isEqualTo(10810);
        assertThat(zone.host()).isEqualTo("fe80::1%eth0");
        assertThat(zone).hasToString("nbd://[fe80::1%25eth0]:1/");
    }

    @Test
    void takesEverythingBeforeTheAtSignAsTheUserName() {
        assertThat(NbdUri.parse("nbd://al%40ice:pw@h/").username()).isEqualTo("al@ice:pw");
        assertThat(NbdUri.parse("nbd+unix://alice@/?socket=/s").username()).isEqualTo("alice");
        assertThat(NbdUri.parse("nbd://@h/").username()).isNull();
    }

    @Test
    void decodesAfterSplitting() {
        // When
        NbdUri uri = NbdUri.parse("nbd+unix:///a%3Fb?socket=/x%26y%3Dz;w&x-a&x-a=1");

        // Then
        assertThat(uri.exportName()).isEqualTo("a?b");
        assertThat(uri.socketPath()).isEqualTo("/x&y=z;w");
    }

    @Test
    void acceptsAnEmptyQuery() {
        assertThat(NbdUri.parse("nbd://h/x?")).isEqualTo(NbdUri.parse("nbd://h/x"));
    }

    @Test
    void writesAUriThatParsesToTheSame() {
        // Given
        String name = "%C3%A9t%C3%A9%20%25%23%3F%26/%F0%9F%92%BE";

        // Then
        assertThat(NbdUri.parse("NBD://a%20b@Example.COM:010809/" + name + "?x-y=z"))
                .hasToString("nbd://a%20b@example.com/" + name);
        assertThat(NbdUri.parse("nbd+unix://u@?socket=%00/a%2Bb%00c"))
                .hasToString("nbd+unix://u@/?socket=%00/a%2Bb%00c");
    }

    @Test
    void boundsTheExportNameInBytesNotCharacters() {
        assertThat(NbdUri.parse("nbd://h/" + "%C3%A9".repeat(2048)).exportName())
                .hasSize(2048);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NbdUri.parse("nbd://h/" + "%C3%A9".repeat(2048) + "x"))
                .withMessage("NBD URI: the export name has 4097 bytes, more than 4096");
    }

    @Test
    void keepsErrorMessagesShortAndOnOneLine() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NbdUri.parse("a\nb\u001b" + "c".repeat(100_000)))
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1).hasSizeLessThan(300))
                .withMessageContaining("a\\u000ab\\u001bc");
    }

    @Test
    void tellsEqualUrisFromOthers() {
        // Given
        NbdUri uri = NbdUri.parse("nbd://u@h:1/x");

        // Then
        assertThat(uri)
                .isEqualTo(NbdUri.parse("NBD://%75@H:01/%78"))
                .isNotEqualTo(NbdUri.parse("nbd://v@h:1/x"))
                .isNotEqualTo(NbdUri.parse("nbd://u@i:1/x"))
                .isNotEqualTo(NbdUri.parse("nbd://u@h:2/x"))
                .isNotEqualTo(NbdUri.parse("nbd://u@h:1/X"))
                .isNotEqualTo(NbdUri.parse("nbd+unix://u@/x?socket=h"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nbd://",
                "NBD://h",
                "nbds://h",
                "nbd+unix://",
                "nbds+unix://",
                "nbd+vsock://",
                "nbds+vsock://",
                "nbd+ssh://h",
                "nbds+ssh://h",
                "nbd://not a valid one"
            })
    void knowsAnNbdUriByItsScheme(String text) {
        assertThat(NbdUri.isNbdUri(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "nbd", "nbd:", "nbd:/x", "nbd:unix:/s", "http://nbd://", "xnbd://", " nbd://h", "/tmp/nbd"})
    void knowsWhatIsNoNbdUri(String text) {
        assertThat(NbdUri.isNbdUri(text)).isFalse();
    }

    @Test
    @SuppressWarnings("NullAway") // What callers without a null checker can do.
    void refusesNull() {
        assertThatNullPointerException().isThrownBy(() -> NbdUri.parse(null));
        assertThatNullPointerException().isThrownBy(() -> NbdUri.isNbdUri(null));
    }
}
