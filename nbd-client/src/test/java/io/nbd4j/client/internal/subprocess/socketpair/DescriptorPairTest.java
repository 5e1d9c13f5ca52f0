package io.nbd4j.client.internal.subprocess.socketpair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DescriptorPairTest {
    private static final int F_DUPFD_CLOEXEC = 1030;

    private final List<Integer> closed = new ArrayList<>();
    private int next = 10;

    /** A process that was started without stdin and stdout gets their numbers from the kernel. */
    private final Libc libc = LibcProxy.of((function, arguments) -> switch (function.getName()) {
        case "socketpair" -> {
            ByteBuffer pair = Buffer.wrapMemoryAddressWithNativeOrder((Long) arguments[3], 2 * Integer.BYTES);
            pair.putInt(0, 0).putInt(Integer.BYTES, 1);
            yield 0;
        }
        case "fcntl" -> arguments[1].equals(F_DUPFD_CLOEXEC) ? next++ : 0;
        case "close" -> {
            closed.add((Integer) arguments[0]);
            yield 0;
        }
        default -> throw new AssertionError(function);
    });

    @BeforeEach
    void requireNativeMemory() {
        assumeTrue(Epoll.isAvailable(), "Netty's native code is not available");
    }

    @Test
    void keepsAwayFromTheNumbersOfStandardInputAndOutput() throws IOException {
        // When
        DescriptorPair pair = DescriptorPair.socket(libc);

        // Then
        assertThat(pair.ours().number()).isEqualTo(10);
        assertThat(pair.child().number()).isEqualTo(11);
        assertThat(closed).containsExactly(0, 1);
    }

    @Test
    void closesWhatWasNotHandedOn() throws IOException {
        // Given
        DescriptorPair pair = DescriptorPair.socket(libc);
        closed.clear();

        // When
        int handedOn = pair.ours().release();
        pair.close();
        pair.close();

        // Then
        assertThat(handedOn).isEqualTo(10);
        assertThat(closed).containsExactly(11);
    }
}
