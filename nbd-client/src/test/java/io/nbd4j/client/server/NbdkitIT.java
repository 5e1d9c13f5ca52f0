package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.contract.Processes;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** nbdkit with its plugins and filters, on all that it can listen on. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
class NbdkitIT {
    private static final int BLOCK = 4096;
    private static final int MEBI = 1024 * 1024;

    /** Where nbdkit listens. */
    enum Listening {
        STDIO,
        UNIX,
        TCP
    }

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void memoryIsWrittenAndReadBack(Listening listening) {
        try (Session session = session(listening, "memory", "16M")) {
            // When // Then
            Content.writeAndReadBack(session.nbd, Content.random(3 * MEBI + 512, 1), 512);
            Content.assertRead(session.nbd, new byte[512], 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPatternIsRead(Listening listening) {
        try (Session session = session(listening, "pattern", "16M")) {
            // When // Then
            assertThat(session.nbd.export().isReadOnly()).isTrue();
            Content.assertRead(session.nbd, Content.pattern(5 * MEBI, 3 * MEBI), 3 * MEBI);
            ByteBuf data = Unpooled.directBuffer().writeZero(BLOCK);
            InvalidRequestException refusal = failureOf(session.nbd.pwrite(data, 0), InvalidRequestException.class);
            assertThat(refusal.errno()).isEqualTo(NbdError.EPERM);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatWasWrittenToAFileIsThereAfterAFlush(Listening listening) throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[MEBI]);
        byte[] bytes = Content.random(10 * BLOCK, 2);
        try (Session session = session(listening, "file", image.toString())) {
            // When
            Content.writeAndReadBack(session.nbd, bytes, 3 * BLOCK);
            await(session.nbd.zero(BLOCK, 5 * BLOCK));
            await(session.nbd.flush());

            // Then
            byte[] expected = new byte[MEBI];
            System.arraycopy(bytes, 0, expected, 3 * BLOCK, bytes.length);
            Arrays.fill(expected, 5 * BLOCK, 6 * BLOCK, (byte) 0);
            assertThat(Files.readAllBytes(image)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    @RequiresServer("nbdcopy")
    void anotherProgramReadsWhatWasWritten(Listening listening) throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[4 * MEBI]);
        Path copy = directory.resolve("copy");
        byte[] bytes = Content.random(4 * MEBI, 3);

        // When
        try (Session session = session(listening, "file", image.toString())) {
            Content.writeAndReadBack(session.nbd, bytes, 0);
        }
        try (RealServer server = RealServer.nbdkit("-r", "file", image.toString())) {
            Program.run("nbdcopy", server.uri(), copy.toString());
        }

        // Then
        assertThat(Files.readAllBytes(copy)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @EnumSource
    void anEvalScriptServes(Listening listening) {
        try (Session session = session(
                listening,
                "eval",
                "get_size=echo 65536",
                "can_write=exit 0",
                "pread=if [ $4 -ge 32768 ]; then echo EIO no luck >&2; exit 1; fi; head -c $3 /dev/zero | tr '\\0' x",
                "pwrite=cat >/dev/null; echo ENOSPC full >&2; exit 1")) {
            // When // Then
            byte[] expected = new byte[BLOCK];
            Arrays.fill(expected, (byte) 'x');
            Content.assertRead(session.nbd, expected, BLOCK);
            CommandRefusedException read = failureOf(session.nbd.pread(BLOCK, 32768), CommandRefusedException.class);
            assertThat(read.errno()).isEqualTo(NbdError.EIO);
            assertThat(read.fate()).isEqualTo(RequestFate.REFUSED);
            assertThat(read.command()).isEqualTo(CommandType.READ);
            CommandRefusedException write = failureOf(
                    session.nbd.pwrite(Unpooled.directBuffer().writeZero(BLOCK), 0), CommandRefusedException.class);
            assertThat(write.errno()).isEqualTo(NbdError.ENOSPC);
            Content.assertRead(session.nbd, expected, BLOCK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void injectedErrorsFailTheirRequestsOnly(Listening listening) {
        try (Session session =
                session(listening, "--filter=error", "pattern", "1M", "error-pread=ENOMEM", "error-pread-rate=50%")) {
            // When
            List<NbdFuture<ByteBuf>> reads = IntStream.range(0, 200)
                    .mapToObj(i -> session.nbd.pread(BLOCK, (i % 256) * (long) BLOCK))
                    .toList();

            // Then
            int refused = 0;
            for (NbdFuture<ByteBuf> read : reads) {
                if (await(read.handle((buffer, failure) -> failure == null ? buffer.release() : failure))
                        instanceof CommandRefusedException failure) {
                    assertThat(failure.errno()).isEqualTo(NbdError.ENOMEM);
                    refused++;
                }
            }
            assertThat(refused).isBetween(1, 199);
            assertThat(session.nbd.isReady()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void delayedRepliesAreWaitedForSideBySide(Listening listening) {
        try (Session session = session(listening, "--filter=delay", "pattern", "1M", "rdelay=200ms")) {
            // When
            List<NbdFuture<ByteBuf>> reads = IntStream.range(0, 16)
                    .mapToObj(i -> session.nbd.pread(BLOCK, 0))
                    .toList();
            session.nbd.flush();

            // Then
            reads.forEach(read -> await(read).release());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theOldstyleHandshakeHasNoOptions(Listening listening) {
        try (Session session = new Session(listening, true, "-o", "memory", "1M")) {
            // When // Then
            assertThat(session.nbd.state()).isEqualTo(ConnectionState.READY);
            assertThat(session.nbd.export().protocol()).isEqualTo(ExportInfo.Protocol.OLDSTYLE);
            assertThat(session.nbd.export().structuredReplies()).isFalse();
            Content.writeAndReadBack(session.nbd, Content.random(MEBI / 2, 4), BLOCK);
        }
    }

    @Test
    void aReadInOnePartGivesTheSameBytes() {
        try (Session session = session(Listening.STDIO, "pattern", "16M")) {
            // When
            ByteBuf data = await(session.nbd.pread(3 * MEBI, MEBI, CommandFlag.DF));

            // Then
            assertThat(ByteBufUtil.getBytes(data)).isEqualTo(Content.pattern(3 * MEBI, MEBI));
            data.release();
        }
    }

    @Test
    void aLateAnswerIsThrownAwayAndTheConnectionGoesOn() {
        try (RealServer server = RealServer.nbdkit("memory", "16M");
                NbdClient nbd = NbdClient.builder()
                        .requestTimeout(Duration.ofMillis(100))
                        .build()) {
            // Given
            await(nbd.connectUnix(server.unixSocket()));
            Processes.stop(server.pid());

            // When
            NbdFuture<ByteBuf> read = nbd.pread(MEBI, 0);
            NbdTimeoutException failure = failureOf(read, NbdTimeoutException.class);
            Processes.signal("CONT", server.pid());

            // Then the connection drains, for which every byte of the answer must be where it belongs
            assertThat(failure.fate()).isEqualTo(RequestFate.UNKNOWN);
            await(nbd.closeAsync());
            assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
            assertThat(nbd.statistics().repliesReceived()).isOne();
        }
    }

    @Test
    void anOldstyleServerCantBeAskedForAnExport() {
        try (NbdClient nbd = NbdClient.builder().exportName("disk").build()) {
            // When
            NegotiationRefusedException refusal = failureOf(
                    nbd.connectCommand("nbdkit", "-s", "-o", "memory", "1M"), NegotiationRefusedException.class);

            // Then
            assertThat(refusal.option()).isEqualTo(OptionType.EXPORT_NAME);
            assertThat(refusal.reason()).isEqualTo(OptionReplyType.ERR_UNSUP);
            assertThat(refusal).hasMessageContaining("oldstyle").hasMessageContaining("'disk'");
            assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aServerWithoutTheFixedHandshakeIsAskedByExportName(Listening listening) {
        try (Session session = session(listening, "--mask-handshake=0", "memory", "1M")) {
            // When // Then
            assertThat(session.nbd.export().protocol()).isEqualTo(ExportInfo.Protocol.NEWSTYLE);
            assertThat(session.nbd.export().structuredReplies()).isFalse();
            Content.writeAndReadBack(session.nbd, Content.random(MEBI / 2, 5), BLOCK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aServerWithoutTheFixedHandshakeTakesOnlyGoAndAbort(Listening listening) {
        try (Session session = new Session(listening, true, "--mask-handshake=0", "memory", "1M")) {
            // Given
            assertThat(session.nbd.state()).isEqualTo(ConnectionState.NEGOTIATING);

            // When // Then
            assertThat(failureOf(session.nbd.negotiation().list(), InvalidRequestException.class)
                            .errno())
                    .isEqualTo(NbdError.ENOTSUP);
            assertThat(failureOf(session.nbd.negotiation().info(), InvalidRequestException.class)
                            .errno())
                    .isEqualTo(NbdError.ENOTSUP);
            await(session.nbd.negotiation().go());
            Content.writeAndReadBack(session.nbd, Content.random(BLOCK, 6), 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatSendsZeroesAfterTheExportNameIsUnderstood(Listening listening) {
        try (Session session = session(listening, "--mask-handshake=1", "memory", "1M")) {
            // When // Then
            assertThat(session.nbd.export().protocol()).isEqualTo(ExportInfo.Protocol.NEWSTYLE_FIXED);
            Content.writeAndReadBack(session.nbd, Content.random(MEBI / 2, 7), BLOCK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aServerWithoutStructuredRepliesIsUnderstood(Listening listening) {
        try (Session session = session(listening, "--no-sr", "memory", "64M")) {
            // When // Then
            assertThat(session.nbd.export().structuredReplies()).isFalse();
            Content.writeAndReadBack(session.nbd, Content.random(5 * MEBI, 8), BLOCK);
        }
    }

    @Test
    void structuredRepliesNeedNotBeAskedFor() {
        try (RealServer server = RealServer.nbdkit("memory", "1M");
                NbdClient nbd = NbdClient.builder().structuredReplies(false).build()) {
            // When
            await(nbd.connectUnix(server.unixSocket()));

            // Then
            assertThat(nbd.export().structuredReplies()).isFalse();
            Content.writeAndReadBack(nbd, Content.random(BLOCK, 9), 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void sizeConstraintsAreObeyed(Listening listening) {
        try (Session session = session(
                listening,
                "--filter=blocksize-policy",
                "memory",
                String.valueOf(MEBI + 1),
                "blocksize-minimum=4096",
                "blocksize-preferred=4096",
                "blocksize-maximum=64K",
                "blocksize-error-policy=error")) {
            // When
            assertThat(session.nbd.export().constraints()).isNotNull();
            Content.writeAndReadBack(session.nbd, Content.random(MEBI, 10), 0);

            // Then
            assertThat(session.nbd.statistics().requestsSent()).isEqualTo(2 * MEBI / (64 * 1024));
            assertThat(failureOf(session.nbd.pread(BLOCK, 512), InvalidRequestException.class)
                            .errno())
                    .isEqualTo(NbdError.EINVAL);
            assertThat(failureOf(session.nbd.pread(512, 0), InvalidRequestException.class)
                            .errno())
                    .isEqualTo(NbdError.EINVAL);
            assertThat(failureOf(session.nbd.pread(1, MEBI), InvalidRequestException.class))
                    .hasMessageContaining("out of reach");
        }
    }

    @Test
    void oneGibibyteIsReadIntoTheCallersBuffer() throws IOException {
        // Given
        int length = 1024 * MEBI;
        Path file = directory.resolve("gibibyte");
        try (Session session = session(Listening.UNIX, "pattern", "2G");
                FileChannel channel = FileChannel.open(
                        file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            // Direct, but no part of what the JVM may have of direct memory.
            ByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, length);
            ByteBuf destination = Unpooled.wrappedBuffer(mapped).clear();

            // When
            await(session.nbd.pread(destination, 512));

            // Then
            assertThat(destination.readableBytes()).isEqualTo(length);
            destination.release();
            int wrong = -1;
            for (int at = 0; wrong < 0 && at < length; at += Long.BYTES) {
                wrong = mapped.getLong(at) == at + 512L ? -1 : at;
            }
            assertThat(wrong).as("the first wrong byte").isEqualTo(-1);
        }
    }

    private static Session session(Listening listening, String... arguments) {
        return new Session(listening, false, arguments);
    }

    /** A connected client, and the server unless the client has started it. */
    private static final class Session implements AutoCloseable {
        final NbdClient nbd;
        private final List<RealServer> servers = new ArrayList<>();

        Session(Listening listening, boolean optionMode, String... arguments) {
            nbd = NbdClient.builder().optionMode(optionMode).build();
            try {
                await(nbd.connect(serve(listening, arguments)));
            } catch (Throwable t) {
                close();
                throw t;
            }
        }

        private NbdTarget serve(Listening listening, String... arguments) {
            switch (listening) {
                case STDIO -> {
                    return NbdTarget.command(Stream.concat(Stream.of("nbdkit", "-s"), Stream.of(arguments))
                            .toList());
                }
                case UNIX -> servers.add(RealServer.nbdkit(arguments));
                case TCP -> servers.add(RealServer.nbdkitTcp(arguments));
            }
            RealServer server = servers.get(0);
            return listening == Listening.UNIX
                    ? NbdTarget.unix(server.unixSocket())
                    : NbdTarget.tcp("127.0.0.1", server.port());
        }

        @Override
        public void close() {
            await(nbd.closeAsync());
            servers.forEach(RealServer::close);
        }
    }
}
