package io.nbd4j.client.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What this process holds.
 *
 * @param descriptors sockets, pipes and pidfds; class loading opens files whenever it likes
 * @param threads all that live
 * @param zombies children that nobody has reaped
 * @param pooled bytes of direct memory of Netty's pool that are in use
 * @param unpooled bytes of direct memory that did not come from it
 */
record Resources(long descriptors, int threads, int zombies, long pooled, long unpooled) {
    /** Threads that come and go by themselves: of the JDK's reaper, of the compilers, of the resolver. */
    private static final int SOME_THREADS = 10;

    private static final long SOME_BYTES = 512 * 1024;

    static Resources now() {
        return new Resources(
                openDescriptors(),
                Thread.getAllStackTraces().size(),
                Processes.ownZombies().size(),
                PooledByteBufAllocator.DEFAULT.pinnedDirectMemory(),
                UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory());
    }

    void assertNoGrowth() {
        Resources later = now();
        assertThat(later.descriptors).as("descriptors").isLessThanOrEqualTo(descriptors);
        assertThat(later.threads).as("threads").isLessThanOrEqualTo(threads + SOME_THREADS);
        assertThat(later.zombies).as("zombies").isZero();
        assertThat(later.pooled).as("pooled direct memory").isLessThanOrEqualTo(pooled + SOME_BYTES);
        assertThat(later.unpooled).as("unpooled direct memory").isLessThanOrEqualTo(unpooled + SOME_BYTES);
    }

    private static long openDescriptors() {
        try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
            return entries.map(Resources::target)
                    .filter(target -> target.startsWith("socket:")
                            || target.startsWith("pipe:")
                            || target.startsWith("anon_inode:[pidfd]"))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path entry) {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (IOException e) {
            return ""; // Closed since the directory was read.
        }
    }
}
