package io.nbd4j.client.parity;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.testkit.junit.RequiresServer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** libnbd's {@code get-size}, with the sizes at both ends of what a disk can have. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
class GetSizeIT {
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 10 * 1024 * 1024, 1L << 40, Long.MAX_VALUE})
    void theSizeIsTheServers(long size) {
        try (NbdClient nbd = NbdClient.builder().build()) {
            await(nbd.connectCommand("nbdkit", "-s", "null", "size=" + size));
            assertThat(nbd.export().size()).isEqualTo(size);
        }
    }
}
