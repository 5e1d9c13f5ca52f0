package io.nbd4j.client.internal.subprocess.socketpair;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

/** The real libc, but for one call that fails, or all calls of one function. Records the functions called. */
final class FailingLibc {
    private static final int ENOMEM = 12;
    private static final int ENOSYS = 38;

    private final Libc real;
    private final List<String> calls = new ArrayList<>();

    FailingLibc(Libc real) {
        this.real = real;
    }

    /** Returns the names of the functions that were called, in order. */
    List<String> calls() {
        return calls;
    }

    /** Returns a libc that only records. */
    Libc recording() {
        return failingAt(Integer.MAX_VALUE);
    }

    /** Returns a libc whose call with this number, counted from 0, does nothing and reports ENOMEM. */
    Libc failingAt(int number) {
        return LibcProxy.of((method, arguments) -> {
            calls.add(method.getName());
            return calls.size() - 1 == number ? error(method, ENOMEM) : invoke(method, arguments);
        });
    }

    /** Returns a libc that has no {@code name}: it reports ENOSYS. */
    Libc without(String name) {
        return LibcProxy.of((method, arguments) ->
                method.getName().equals(name) ? error(method, ENOSYS) : invoke(method, arguments));
    }

    /** Returns a libc whose {@code name} throws, as if memory had run out on the way to it. */
    Libc throwingAt(String name, RuntimeException thrown) {
        return LibcProxy.of((method, arguments) -> {
            if (method.getName().equals(name)) {
                throw thrown;
            }
            return invoke(method, arguments);
        });
    }

    /** Returns whether a call of {@code name} can report an error that somebody looks at. */
    static boolean canFail(String name) {
        return switch (name) {
            case "environ", "strlen", "close", "kill", "fileActionsDestroy", "attributesDestroy" -> false;
            default -> true;
        };
    }

    private static Object error(Method method, int number) {
        int error = method.getAnnotation(Libc.Symbol.class).setsErrno() ? -number : number;
        return method.getReturnType() == long.class ? (Object) (long) error : (Object) error;
    }

    private Object invoke(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }
}
