package io.nbd4j.client.contract;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.SubprocessTransport;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The program of {@link OtherJvm}: starts a server, says who it is, and never closes the handle. */
final class JvmWithChild {
    static final String STAY = "stay";

    private JvmWithChild() {}

    /** Takes the transport, {@link #STAY} or another word, and the command. */
    public static void main(String... arguments) throws Exception {
        NbdTarget.Command command = NbdTarget.command(Arrays.asList(arguments).subList(2, arguments.length))
                .withTransport(SubprocessTransport.valueOf(arguments[0]));
        NbdClient nbd = NbdClient.builder().build().connect(command).get(30, TimeUnit.SECONDS);
        System.out.println(nbd.subprocess().map(Subprocess::pid).orElseThrow());
        if (arguments[1].equals(STAY)) {
            new CountDownLatch(1).await();
        }
    }
}
