package io.nbd4j.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The nested classes are not run by the build but by these tests: some of them must fail. */
class LeakPresenceTest {
    private static Optional<ByteBuf> leaked = Optional.empty();

    @AfterEach
    void releaseWhatTheSampleLeaked() {
        leaked.ifPresent(ByteBuf::release);
        leaked = Optional.empty();
    }

    @Test
    void aBufferThatATestKeepsFailsItsClass() {
        // Given // When
        EngineRun run = EngineRun.of(Leaks.class);

        // Then
        assertThat(run.successful).contains("keepsABuffer()");
        assertThat(run.failed).containsOnlyKeys("Leaks");
        assertThat(run.failure("Leaks"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("1 Netty buffer(s) not released by LeakPresenceTest$Leaks");
        assertThat(run.failure("Leaks").getSuppressed()[0].getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("keepsABuffer"));
    }

    @Test
    void aSliceThatIsKeptRetainedIsALeakToo() {
        // Given // When
        EngineRun run = EngineRun.of(KeepsASlice.class);

        // Then
        assertThat(run.failed).containsOnlyKeys("KeepsASlice");
    }

    @Test
    void aClassThatReleasesPassesAlsoAfterOneThatLeaks() {
        // Given
        EngineRun.of(Leaks.class);

        // When
        EngineRun run = EngineRun.of(Releases.class);

        // Then
        assertThat(run.failed).isEmpty();
        assertThat(run.successful).contains("releases()", "Releases");
    }

    @Test
    void aBufferOfAStaticInitialiserMayStay() {
        // Given // When
        EngineRun run = EngineRun.of(HasAConstant.class);

        // Then
        assertThat(run.failed).isEmpty();
    }

    @LeakPresence
    static class Leaks {
        @Test
        void keepsABuffer() {
            leaked = Optional.of(ByteBufAllocator.DEFAULT.directBuffer(16));
        }
    }

    @LeakPresence
    static class KeepsASlice {
        @Test
        void releasesTheWholeButNotTheSlice() {
            ByteBuf whole = ByteBufAllocator.DEFAULT.heapBuffer(16).writeLong(1);
            leaked = Optional.of(whole.readRetainedSlice(4));
            whole.release();
        }
    }

    @LeakPresence
    static class Releases {
        @Test
        void releases() {
            ByteBufAllocator.DEFAULT.directBuffer(16).release();
        }
    }

    @LeakPresence
    static class HasAConstant {
        static class Holder {
            static final ByteBuf CONSTANT = Unpooled.directBuffer(4);
        }

        @Test
        void usesIt() {
            assertThat(Holder.CONSTANT.capacity()).isEqualTo(4);
        }
    }
}
