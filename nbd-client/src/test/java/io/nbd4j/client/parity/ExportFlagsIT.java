package io.nbd4j.client.parity;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.NbdClient;
import io.nbd4j.testkit.junit.RequiresServer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * libnbd's {@code read-only-flag}, {@code read-write-flag}, {@code is-rotational-flag}, and each {@code can-…-flag} with its
 * {@code can-not-…} twin: what a script says of its disk is what the client tells. The time limit only ends what hangs.
 */
@RequiresServer("nbdkit")
@Timeout(120)
class ExportFlagsIT {
    /** A fact, and what makes nbdkit say it and not say it. */
    enum Fact {
        READ_ONLY("can_write=exit 3", "can_write=exit 0"),
        ROTATIONAL("is_rotational=exit 0", "is_rotational=exit 3"),
        FLUSH("can_flush=exit 0", "can_flush=exit 3"),
        FUA("can_fua=echo native", "can_fua=echo none"),
        TRIM("can_trim=exit 0", "can_trim=exit 3"),
        // Of a plugin that can't write zeroes nbdkit says that it can, and writes them itself: only a filter denies it.
        ZERO("can_zero=exit 0", "--filter=nozero"),
        FAST_ZERO("can_fast_zero=exit 0", "can_fast_zero=exit 3"),
        DF("can_write=exit 0", "--no-sr"),
        MULTI_CONN("can_multi_conn=exit 0", "can_multi_conn=exit 3"),
        CACHE("can_cache=echo native", "can_cache=echo none");

        private final String said;
        private final String denied;

        Fact(String said, String denied) {
            this.said = said;
            this.denied = denied;
        }

        boolean isToldBy(ExportInfo export) {
            return switch (this) {
                case READ_ONLY -> export.isReadOnly();
                case ROTATIONAL -> export.isRotational();
                case FLUSH -> export.canFlush();
                case FUA -> export.canFua();
                case TRIM -> export.canTrim();
                case ZERO -> export.canZero();
                case FAST_ZERO -> export.canFastZero();
                case DF -> export.canDf();
                case MULTI_CONN -> export.canMultiConn();
                case CACHE -> export.canCache();
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFactThatTheServerTellsIsKnown(Fact fact) {
        try (NbdClient nbd = connected(fact.said)) {
            assertThat(fact.isToldBy(nbd.export())).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFactThatTheServerDeniesIsNot(Fact fact) {
        try (NbdClient nbd = connected(fact.denied)) {
            assertThat(fact.isToldBy(nbd.export())).isFalse();
        }
    }

    /** A disk that can everything but what {@code special} says, an option of nbdkit or a line of the script. */
    private static NbdClient connected(String special) {
        List<String> argv = new ArrayList<>(List.of("nbdkit", "-s"));
        if (special.startsWith("--")) {
            argv.add(special);
        }
        argv.addAll(List.of("eval", "get_size=echo 1M", "pread=head -c $3 /dev/zero"));
        List<String> script = new ArrayList<>(List.of(
                "can_write=exit 0",
                "can_flush=exit 0",
                "can_fua=echo native",
                "can_trim=exit 0",
                "can_zero=exit 0",
                "can_fast_zero=exit 0",
                "can_multi_conn=exit 0",
                "can_cache=echo native",
                "pwrite=cat >/dev/null",
                "flush=exit 0",
                "trim=exit 0",
                "zero=exit 0",
                "cache=exit 0"));
        if (!special.startsWith("--")) {
            String method = special.substring(0, special.indexOf('=') + 1);
            script.removeIf(line -> line.startsWith(method));
            script.add(special);
        }
        argv.addAll(script);
        NbdClient nbd = NbdClient.builder().build();
        try {
            await(nbd.connectCommand(argv));
        } catch (Throwable t) {
            nbd.close();
            throw t;
        }
        return nbd;
    }
}
