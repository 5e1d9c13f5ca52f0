package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.StrictCheck;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Each check of the strict mode against nbdkit: on, nothing is sent and the error is libnbd's; off, the error is the server's,
 * and the connection goes on. The time limit only ends what hangs.
 */
@RequiresServer("nbdkit")
@Timeout(120)
class StrictModeIT {
    private static final int MEBI = 1024 * 1024;

    private final List<NbdClient> clients = new ArrayList<>();

    @AfterEach
    void closeAll() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
    }

    private NbdClient nbdkit(String... arguments) {
        List<String> argv = new ArrayList<>(List.of("nbdkit", "-s"));
        argv.addAll(List.of(arguments));
        NbdClient nbd = NbdClient.builder().build();
        clients.add(nbd);
        return await(nbd.connectCommand(argv));
    }

    /** Issues the command with the check on, then off, and sees that the server got it only then. */
    private static void assertChecked(
            NbdClient nbd, StrictCheck check, NbdError local, NbdError remote, Supplier<NbdFuture<?>> command) {
        long sent = nbd.statistics().requestsSent();
        InvalidRequestException refusal = failureOf(command.get(), InvalidRequestException.class);
        assertThat(refusal.errno()).isEqualTo(local);
        assertThat(refusal.fate()).isEqualTo(RequestFate.NOT_SENT);
        assertThat(nbd.statistics().requestsSent()).isEqualTo(sent);

        nbd.strictMode(StrictCheck.allBut(check));
        CommandRefusedException answer = failureOf(command.get(), CommandRefusedException.class);
        assertThat(answer.errno()).isEqualTo(remote);
        assertThat(nbd.statistics().requestsSent()).isEqualTo(sent + 1);

        nbd.strictMode(StrictCheck.all());
        failureOf(command.get(), InvalidRequestException.class);
        await(nbd.pread(512, 0)).release();
        assertThat(nbd.isReady()).isTrue();
    }

    @Test
    void aCommandThatIsNotAdvertised() {
        NbdClient nbd = nbdkit("eval", "get_size=echo 1024", "pread=dd if=/dev/zero count=$3 iflag=count_bytes");
        assertThat(nbd.export().canTrim()).isFalse();
        assertChecked(nbd, StrictCheck.COMMANDS, NbdError.EPERM, NbdError.EPERM, () -> nbd.pwrite(zeroes(512), 0));
        assertChecked(nbd, StrictCheck.COMMANDS, NbdError.EINVAL, NbdError.EPERM, () -> nbd.trim(512, 0));
    }

    @Test
    void aFlagThatNobodyKnows() {
        NbdClient nbd = nbdkit("memory", "1M");
        assertChecked(
                nbd,
                StrictCheck.FLAGS,
                NbdError.EINVAL,
                NbdError.EINVAL,
                () -> nbd.rawCommands().flush(0x8000));
        // What the wire has no room for is refused in any mode.
        nbd.strictMode(StrictCheck.allBut(StrictCheck.FLAGS));
        failureOf(nbd.rawCommands().trim(512, 0, 0x1_0000), InvalidRequestException.class);
    }

    @Test
    void aRangeBeyondTheEnd() {
        NbdClient nbd = nbdkit("memory", "1M");
        assertChecked(nbd, StrictCheck.BOUNDS, NbdError.EINVAL, NbdError.EINVAL, () -> nbd.pread(512, -1));
        assertChecked(nbd, StrictCheck.BOUNDS, NbdError.ENOSPC, NbdError.ENOSPC, () -> nbd.pwrite(zeroes(512), MEBI));
    }

    @Test
    void aLengthOfZero() {
        NbdClient nbd = nbdkit("memory", "1M");
        assertChecked(nbd, StrictCheck.ZERO_SIZE, NbdError.EINVAL, NbdError.EINVAL, () -> nbd.pread(0, 0));
        // To nbdkit, a write of nothing is one that has no space.
        assertChecked(nbd, StrictCheck.ZERO_SIZE, NbdError.EINVAL, NbdError.ENOSPC, () -> nbd.pwrite(zeroes(0), 0));
        assertChecked(nbd, StrictCheck.ZERO_SIZE, NbdError.EINVAL, NbdError.EINVAL, () -> nbd.trim(0, 0));
    }

    @Test
    void aRangeThatIsNotAligned() {
        NbdClient nbd = nbdkit(
                "--filter=blocksize-policy", "memory", "1M", "blocksize-minimum=512", "blocksize-error-policy=error");
        assertChecked(nbd, StrictCheck.ALIGN, NbdError.EINVAL, NbdError.EINVAL, () -> nbd.pread(1, 1));
    }

    @Test
    void aPayloadThatIsTooLong() {
        // Given
        NbdClient nbd = nbdkit(
                "--filter=blocksize-policy",
                "memory",
                "64M",
                "blocksize-preferred=4096",
                "blocksize-maximum=16M",
                "blocksize-error-policy=error");

        // When // Then
        await(nbd.pwrite(zeroes(17 * MEBI), 0));
        nbd.strictMode(StrictCheck.allBut(StrictCheck.PAYLOAD));
        CommandRefusedException refusal = failureOf(nbd.pwrite(zeroes(17 * MEBI), 0), CommandRefusedException.class);
        assertThat(refusal.errno()).isEqualTo(NbdError.EINVAL);
        await(nbd.pread(512, 0)).release();
    }

    @Test
    void payloadLengthIsLeftToTheCaller() {
        // Given
        NbdClient nbd = nbdkit("memory", "1M");

        // When // Then: the library knows better, whatever the caller says
        await(nbd.pwrite(zeroes(512), 0, CommandFlag.PAYLOAD_LEN));
        nbd.strictMode(StrictCheck.allBut(StrictCheck.AUTO_FLAG));
        if (!nbd.export().extendedHeaders()) {
            InvalidRequestException refusal =
                    failureOf(nbd.pwrite(zeroes(512), 0, CommandFlag.PAYLOAD_LEN), InvalidRequestException.class);
            assertThat(refusal).hasMessageContaining("PAYLOAD_LEN");
        }
    }

    @Test
    void theBuilderSetsTheFirstMode() {
        try (NbdClient nbd = NbdClient.builder()
                .strictMode(StrictCheck.allBut(StrictCheck.ALIGN, StrictCheck.FLAGS))
                .build()) {
            assertThat(nbd.strictMode())
                    .containsExactlyInAnyOrder(
                            StrictCheck.COMMANDS,
                            StrictCheck.BOUNDS,
                            StrictCheck.ZERO_SIZE,
                            StrictCheck.PAYLOAD,
                            StrictCheck.AUTO_FLAG);
        }
    }

    private static ByteBuf zeroes(int length) {
        return Unpooled.directBuffer(Math.max(length, 1)).writeZero(length);
    }
}
