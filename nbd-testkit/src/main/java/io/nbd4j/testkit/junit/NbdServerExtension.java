package io.nbd4j.testkit.junit;

import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.TestServer;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;

/** Does what {@link NbdServer} says. */
public final class NbdServerExtension extends ServerInjection<NbdServer> {
    /** Creates the extension. */
    public NbdServerExtension() {
        super(NbdServer.class, TestServer.class);
    }

    @Override
    RunningServer start(NbdServer settings) throws Exception {
        return RunningTestServer.start(settings);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return isForCertificates(parameter) || super.supportsParameter(parameter, context);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return isForCertificates(parameter) ? Certificates.authority() : super.resolveParameter(parameter, context);
    }

    private static boolean isForCertificates(ParameterContext parameter) {
        return parameter.getParameter().getType() == TestCertificates.class;
    }
}
