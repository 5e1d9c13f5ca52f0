package io.nbd4j.client.contract;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.ladder.DefaultRungs;
import io.nbd4j.client.internal.subprocess.ladder.RungLadder;
import io.nbd4j.client.internal.subprocess.ladder.TransportUnavailableException;
import io.nbd4j.client.internal.transport.EventLoops;
import io.netty.channel.IoEventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The server is a child process, started over one rung of the ladder.
 *
 * @param loops null for those that all clients share
 */
record ChildSetting(SubprocessTransport rung, @Nullable Loops loops) implements Setting {
    ChildSetting(SubprocessTransport rung) {
        this(rung, null);
    }

    @Override
    public String transport() {
        return rung.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public @Nullable String unavailableBecause() {
        try {
            new RungLadder(DefaultRungs.all()).choose(rung, loop());
            return null;
        } catch (TransportUnavailableException e) {
            return e.getMessage();
        }
    }

    @Override
    public NbdClientBuilder builder() {
        return loops == null ? NbdClient.builder() : loops.builder();
    }

    @Override
    public IoEventLoop loop() {
        return loops == null ? EventLoops.shared().next() : loops.loop();
    }

    @Override
    public Served nbdkit(String... arguments) {
        List<String> argv = new ArrayList<>(List.of("nbdkit", "-s"));
        argv.addAll(List.of(arguments));
        return Served.child(NbdTarget.command(argv).withTransport(rung));
    }

    @Override
    public Served silent() {
        // It waits for the client to speak, who waits for the greeting.
        return Served.child(NbdTarget.command("cat").withTransport(rung));
    }

    @Override
    public boolean receivesDirectly() {
        return rung == SubprocessTransport.SOCKETPAIR;
    }
}
