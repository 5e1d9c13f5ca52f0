package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.tools.ToolException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RegionTest {
    @Test
    void aConnectionOfItsOwnHasTheWholeExportButForAnIncompleteBlock() {
        assertThat(Region.of(export(10 * 4096 + 4095, 0, null), reads(4096), 0, 1))
                .isEqualTo(new Region(0, 10));
    }

    @Test
    void connectionsToOneExportDivideIt() {
        // Given
        ExportInfo export = export(10 * 4096, 0, null);

        // Then
        assertThat(Region.of(export, reads(4096), 0, 3)).isEqualTo(new Region(0, 4));
        assertThat(Region.of(export, reads(4096), 1, 3)).isEqualTo(new Region(4, 3));
        assertThat(Region.of(export, reads(4096), 2, 3)).isEqualTo(new Region(7, 3));
    }

    @Test
    void refusesAnExportThatIsTooSmall() {
        assertThatThrownBy(() -> Region.of(export(4095, 0, null), reads(4096), 0, 1))
                .isInstanceOf(ToolException.class)
                .hasMessage("the export has 4095 bytes, less than one block of 4096 (--bs)");
        assertThatThrownBy(() -> Region.of(export(0, 0, null), reads(1), 0, 1)).isInstanceOf(ToolException.class);
        assertThatThrownBy(() -> Region.of(export(8192, 0, null), reads(4096), 0, 3))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("not enough for 3 connections");
    }

    @Test
    void refusesToWriteToAReadOnlyExport() {
        // Given
        ExportInfo readOnly = export(4096, TransmissionFlags.READ_ONLY, null);

        // Then
        assertThat(Region.of(readOnly, reads(4096), 0, 1)).isEqualTo(new Region(0, 1));
        assertThatThrownBy(() -> Region.of(readOnly, options(AccessPattern.RANDRW, 4096), 0, 1))
                .isInstanceOf(ToolException.class)
                .hasMessage("the export is read-only, and --rw randrw writes");
    }

    @Test
    void refusesToFillAReadOnlyExport() {
        // Given
        ExportInfo readOnly = export(4096, TransmissionFlags.READ_ONLY, null);

        // Then
        assertThatThrownBy(() -> Region.of(readOnly, options(AccessPattern.READ, 4096, true), 0, 1))
                .isInstanceOf(ToolException.class)
                .hasMessage("the export is read-only, and --fill writes");
    }

    @Test
    void refusesBlocksThatAreNoMultipleOfTheMinimumBlock() {
        // Given
        ExportInfo export = export(1 << 20, 0, new SizeConstraints(4096, 4096, 1 << 20));

        // Then
        assertThat(Region.of(export, reads(8192), 0, 1)).isEqualTo(new Region(0, 128));
        assertThatThrownBy(() -> Region.of(export, reads(512), 0, 1))
                .isInstanceOf(ToolException.class)
                .hasMessage("--bs 512 is not a multiple of the export's minimum block of 4096 bytes");
    }

    private static ExportInfo export(long size, int flags, @Nullable SizeConstraints constraints) {
        return new ExportInfo(
                "",
                size,
                new TransmissionFlags(TransmissionFlags.HAS_FLAGS | flags),
                constraints,
                true,
                false,
                List.of(),
                ExportInfo.Protocol.NEWSTYLE_FIXED,
                null,
                null);
    }

    private static LoadOptions reads(int blockSize) {
        return options(AccessPattern.READ, blockSize);
    }

    private static LoadOptions options(AccessPattern pattern, int blockSize) {
        return options(pattern, blockSize, false);
    }

    private static LoadOptions options(AccessPattern pattern, int blockSize, boolean fill) {
        return LoadOptions.of(pattern, blockSize, 1, 1, 0, 1, 0, false, fill, false);
    }
}
