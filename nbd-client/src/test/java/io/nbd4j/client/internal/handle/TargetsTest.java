package io.nbd4j.client.internal.handle;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.netty.channel.epoll.VSockAddress;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetsTest {
    private static NbdTarget resolve(String uri) {
        return Targets.resolve(NbdTarget.uri(NbdUri.parse(uri)));
    }

    @Test
    void aUriOfASocketIsThatSocket() {
        assertThat(resolve("nbd://h:1/x")).isEqualTo(NbdTarget.tcp("h", 1));
        assertThat(resolve("nbds+unix:///x?socket=/s")).isEqualTo(NbdTarget.unix("/s"));
        assertThat(resolve("nbd+vsock:///x")).isEqualTo(NbdTarget.vsock(2, 10809));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nbd+ssh://host/x                      | ssh -p 22 host nc localhost 10809",
                "nbds+ssh://alice@host:2222/           | ssh -p 2222 host nc localhost 10809",
                "nbd+ssh://[::1]/                      | ssh -p 22 ::1 nc localhost 10809",
                "nbd+ssh://host/?socket=/tmp/s-1.sock  | ssh -p 22 host nc -U /tmp/s-1.sock",
            })
    void aUriOfSshIsTheCommandOfLibnbd(String uri, String command) {
        assertThat(resolve(uri)).isEqualTo(NbdTarget.command(command.split(" ", -1)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "/a%20b   | '/a b'",
                "/a%27b   | '/a'\\''b'",
                "/$(a)    | '/$(a)'",
                "/a;b     | '/a;b'",
                "~/a      | '~/a'",
                "*        | '*'",
            })
    void theSocketOfAnotherHostIsOneWordOfItsShell(String path, String word) {
        assertThat(resolve("nbd+ssh://host/?socket=" + path))
                .isEqualTo(NbdTarget.command("ssh", "-p", "22", "host", "nc", "-U", word));
    }

    @Test
    void anAddressIsWhereItLeads() throws UnknownHostException {
        assertThat(Targets.resolve(NbdTarget.address(InetSocketAddress.createUnresolved("name.test", 5))))
                .isEqualTo(NbdTarget.tcp("name.test", 5));
        assertThat(Targets.resolve(NbdTarget.address(
                        new InetSocketAddress(InetAddress.getByAddress("name.test", new byte[] {127, 0, 0, 2}), 5))))
                .isEqualTo(NbdTarget.tcp("127.0.0.2", 5));
        assertThat(Targets.resolve(NbdTarget.address(UnixDomainSocketAddress.of("/s"))))
                .isEqualTo(NbdTarget.unix("/s"));
        assertThat(Targets.resolve(NbdTarget.address(new DomainSocketAddress("\0s"))))
                .isEqualTo(NbdTarget.unix("\0s"));
        assertThat(Targets.resolve(NbdTarget.address(new VSockAddress(-2, 10809))))
                .isEqualTo(NbdTarget.vsock(4294967294L, 10809));
    }

    @Test
    void whatIsNoOtherNameStaysAsItIs() {
        NbdTarget command = NbdTarget.command("nbdkit");
        NbdTarget elsewhere = NbdTarget.address(new LocalAddress("x"));
        assertThat(Targets.resolve(command)).isSameAs(command);
        assertThat(Targets.resolve(elsewhere)).isSameAs(elsewhere);
    }
}
