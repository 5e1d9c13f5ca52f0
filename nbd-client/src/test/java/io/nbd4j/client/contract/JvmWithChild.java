package io.nbd4j.client.contract;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.SubprocessTransport;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The program of {@link OtherJvm}: starts a server, says who it is and where it listens, and never closes the handle. */
final class JvmWithChild {
    static final String STAY = "stay";

    private JvmWithChild() {}

    /** Takes the transport, {@link #STAY} or another word, and the command. */
    public static void main(String... arguments) throws Exception {
        List<String> argv = Arrays.asList(arguments).subList(2, arguments.length);
        SubprocessTransport transport = SubprocessTransport.valueOf(arguments[0]);
        NbdTarget target = transport == SubprocessTransport.SOCKET_ACTIVATION
                ? NbdTarget.socketActivation(argv)
                : NbdTarget.command(argv).withTransport(transport);
        NbdClient nbd = NbdClient.builder().build().connect(target).get(30, TimeUnit.SECONDS);
        System.out.println(nbd.subprocess().map(Subprocess::pid).orElseThrow());
        System.out.println(nbd.uri().map(NbdUri::socketPath).orElse(""));
        if (arguments[1].equals(STAY)) {
            new CountDownLatch(1).await();
        }
    }
}
