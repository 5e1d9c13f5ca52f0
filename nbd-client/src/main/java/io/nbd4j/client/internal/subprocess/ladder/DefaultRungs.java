package io.nbd4j.client.internal.subprocess.ladder;

import io.nbd4j.client.internal.subprocess.Rung;
import io.nbd4j.client.internal.subprocess.pipe.PipeRung;
import io.nbd4j.client.internal.subprocess.socketpair.SocketpairRung;
import io.nbd4j.client.internal.subprocess.stream.StreamRung;
import java.util.List;

/** The rungs that this build has. The only place that knows them all. */
public final class DefaultRungs {
    private DefaultRungs() {}

    /** Returns them, in no particular order. */
    public static List<Rung> all() {
        return List.of(new SocketpairRung(), new PipeRung(), new StreamRung());
    }
}
