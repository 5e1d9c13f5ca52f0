package io.nbd4j.client.parity;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds the pages to the code finds what is wrong. */
class CodeIndexTest {
    private final CodeIndex code = new CodeIndex();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NbdClient",
                "NbdClient#connectUnix",
                "NbdClient#pread",
                "NbdTarget.Command#withDirectory",
                "ExportInfo#size",
                "ExportInfo.Protocol#OLDSTYLE",
                "OptionType#GO",
                "client.server.QemuNbdIT#holesReadAsZeroes",
                "TcpNioConnectionIT#becomesReady",
                "ToolsIT",
                "FileToolsIT",
                "LauncherIT",
                "FaultWireIT"
            })
    void findsWhatIsThere(String name) {
        assertThat(code.problemWith(name)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NbdKlient",
                "NbdClient#connectUnixx",
                "NbdTarget.Commando",
                "NbdTarget.Command#withDirectories",
                "OptionType#GONE",
                "server.NbdClient",
                "LauncherIT#noSuchTest",
                "LauncherIT.Nested",
                "conformance.NbdkitIT"
            })
    void findsThatSomethingIsNotThere(String name) {
        assertThat(code.problemWith(name)).isPresent();
    }

    @Test
    void aNameThatTwoClassesShareNeedsItsPackage() {
        assertThat(code.problemWith("BlockStatusTest")).get().asString().contains("is one of");
        assertThat(code.problemWith("client.internal.connection.BlockStatusTest"))
                .isEmpty();
    }

    @Test
    void aNameOfThePublicPackageNeedsNone() {
        assertThat(code.problemWith("MetaContext#BASE_ALLOCATION")).isEmpty();
        assertThat(code.problemWith("testkit.MetaContext#BASE_ALLOCATION")).isPresent();
    }

    @Test
    void tellsTestsFromOtherMethods() {
        assertThat(code.isTest("CodeIndexTest#tellsTestsFromOtherMethods")).isTrue();
        assertThat(code.isTest("CodeIndexTest#findsWhatIsThere")).isTrue();
        assertThat(code.isTest("OptionsIT#t020_goIsAnsweredWithExportAndAck")).isTrue();
        assertThat(code.isTest("TcpNioConnectionIT#becomesReady")).isTrue();
        assertThat(code.isTest("ClientFuzzTest#client")).isTrue();
        assertThat(code.isTest("LauncherIT#buildsAgainWhenASourceIsNewer")).isTrue();
        assertThat(code.isTest("HandshakeDecoderTest#refusesAWrongReplyAsSoonAsItShows"))
                .isTrue();
        assertThat(code.isTest("NbdCommand#start")).isFalse();
        assertThat(code.isTest("AdoptedTcpWireIT#start")).isFalse();
        assertThat(code.isTest("Content#random")).isFalse();
        assertThat(code.isTest("NbdClient#connectUnix")).isFalse();
        assertThat(code.isTest("CodeIndexTest")).isFalse();
    }

    @Test
    void readsTheRowsOfTablesAndTheNamesInThem() {
        // Given
        Page page = Page.of("""
                # Title

                Text about `NbdClient`, not `LISTEN_FDS` nor `a#b`.

                ## Part

                | head | `Head` |
                | --- | --- |
                | `one`, `two` | `a.Bee.Cee#d` or \\| `x` |
                | three |
                """);

        // When // Then
        assertThat(page.rows())
                .extracting(Page.Row::section)
                .containsOnly("Part")
                .hasSize(2);
        Page.Row first = page.rows().get(0);
        assertThat(first.codes(0)).containsExactly("one", "two");
        assertThat(first.names(1)).containsExactly("a.Bee.Cee#d");
        assertThat(page.rows().get(1).cell(1)).isEmpty();
        assertThat(page.names()).containsExactly("NbdClient", "Head", "a.Bee.Cee#d");
    }
}
