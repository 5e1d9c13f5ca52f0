package io.nbd4j.client.internal.subprocess.socketpair;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** A libc of a test's own making. */
final class LibcProxy {
    private LibcProxy() {}

    /** Does what a function is said to do. */
    interface Handler {
        Object handle(Method function, Object[] arguments) throws Throwable;
    }

    static Libc of(Handler handler) {
        return (Libc) Proxy.newProxyInstance(
                Libc.class.getClassLoader(),
                new Class<?>[] {Libc.class},
                (proxy, function, arguments) -> handler.handle(function, arguments));
    }
}
