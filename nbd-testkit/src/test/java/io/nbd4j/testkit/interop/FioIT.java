package io.nbd4j.testkit.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.FileExport;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.Tool;
import io.netty.buffer.ByteBuf;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** fio writes blocks that carry checksums, many at a time, and reads them back. */
@Timeout(120)
@RequiresCommand(
        value = {"fio", "--enghelp=nbd"},
        hint = "install fio, built with libnbd")
class FioIT {
    private static final int SIZE = 32 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void verifiesWhatItWroteToMemory(Transport transport) throws Exception {
        try (TestServer server =
                transport.server().export("", MemoryExport.ofSize(SIZE)).start()) {
            assertThat(Tool.run(verify(server, "--rw=randwrite", "--bs=4k"))).contains("err= 0", "IOPS=");
            assertThat(Tool.run(verify(server, "--rw=randrw", "--bsrange=512-256k")))
                    .contains("err= 0", "read:", "write:");
        }
    }

    @ParameterizedTest
    @EnumSource
    void verifiesWhatItWroteToAFile(Transport transport) throws Exception {
        // Given
        Path file = directory.resolve("disk");
        try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
            disk.setLength(SIZE);
        }

        // When // Then
        try (FileExport export = FileExport.open(file);
                TestServer server = transport.server().export("", export).start()) {
            assertThat(Tool.run(verify(server, "--rw=randwrite", "--bs=64k", "--fsync=32")))
                    .contains("err= 0", "IOPS=");
        }
    }

    @Test
    void findsAByteThatIsWrong() throws Exception {
        try (TestServer server = TestServer.builder()
                .export("", new Corrupting(MemoryExport.ofSize(SIZE)))
                .start()) {
            assertThat(Tool.status(verify(server, "--rw=randwrite", "--bs=4k"))).isNotZero();
        }
    }

    private String[] verify(TestServer server, String... options) {
        List<String> command = new ArrayList<>(List.of(
                "fio",
                "--name=verify",
                "--ioengine=nbd",
                "--uri=" + server.uri(),
                "--size=" + SIZE,
                "--iodepth=32",
                "--verify=crc32c",
                "--verify_fatal=1",
                "--verify_state_save=0",
                "--aux-path=" + directory));
        command.addAll(List.of(options));
        return command.toArray(String[]::new);
    }

    /** Reads one byte wrong, far into the disk. */
    private record Corrupting(Export disk) implements Export {
        private static final long WRONG = SIZE / 2 + 1234;

        @Override
        public long size() {
            return disk.size();
        }

        @Override
        public void read(long offset, ByteBuf dst, int length) throws ExportException {
            int start = dst.writerIndex();
            disk.read(offset, dst, length);
            if (offset <= WRONG && WRONG < offset + length) {
                int at = start + (int) (WRONG - offset);
                dst.setByte(at, ~dst.getByte(at));
            }
        }

        @Override
        public void write(long offset, ByteBuf src, int length) throws ExportException {
            disk.write(offset, src, length);
        }

        @Override
        public void zero(long offset, long length, boolean mayPunchHole) throws ExportException {
            disk.zero(offset, length, mayPunchHole);
        }
    }
}
