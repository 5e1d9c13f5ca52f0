package io.nbd4j.client.internal.subprocess.socketpair;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Binds {@link Libc} with the foreign function API, which is final from JDK 22 on. It is reached by reflection, so that
 * one jar built for 17 serves every JDK; only binding is reflective, a call goes through a method handle.
 *
 * <p>There is one handle for all functions, of six longs that returns a long. On the architectures that are let through,
 * the first six integer arguments are registers, a function does not look at those it has not declared, and an int is the
 * low half of a register. A handle of its own shape for each function would cost more than 5 ms each, when the first child
 * of a program is waited for.
 */
final class ForeignLibc implements InvocationHandler {
    private static final int FIRST_JDK = 22;
    private static final List<String> ARCHITECTURES = List.of("amd64", "aarch64", "riscv64");
    private static final int MAX_ARGUMENTS = 6;

    private final Map<Method, Function> functions = new HashMap<>();
    private final MethodHandle call;
    private final ThreadLocal<Errno> errno;
    private final long environ;

    private ForeignLibc(Binder binder) throws ReflectiveOperationException, LibcUnavailableException {
        for (Method method : Libc.class.getMethods()) {
            Libc.Symbol symbol = method.getAnnotation(Libc.Symbol.class);
            if (symbol != null) {
                boolean returnsInt = method.getReturnType() == int.class;
                functions.put(method, new Function(binder.find(symbol.value()), symbol.setsErrno(), returnsInt));
            }
        }
        environ = binder.addressOf(binder.find("environ"));
        call = binder.bind();
        errno = ThreadLocal.withInitial(binder::newErrno);
    }

    /**
     * Binds all functions. Costs some tens of milliseconds, so once per JVM is enough.
     *
     * @throws LibcUnavailableException if it can't be done here; the message is a sentence
     */
    static Libc bind() throws LibcUnavailableException {
        requirePlatform();
        try {
            ForeignLibc handler = new ForeignLibc(new Binder());
            return (Libc) Proxy.newProxyInstance(Libc.class.getClassLoader(), new Class<?>[] {Libc.class}, handler);
        } catch (InvocationTargetException e) {
            throw unavailable(e.getCause() == null ? e : e.getCause());
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            throw unavailable(e);
        }
    }

    private static void requirePlatform() throws LibcUnavailableException {
        String system = System.getProperty("os.name", "");
        if (!system.equals("Linux")) {
            throw new LibcUnavailableException("it needs Linux, this is " + system, null);
        }
        // The numbers of flags, the layout of siginfo_t and the passing of arguments differ on others.
        String architecture = System.getProperty("os.arch", "");
        if (!ARCHITECTURES.contains(architecture)) {
            throw new LibcUnavailableException("it does not know the architecture " + architecture, null);
        }
        int jdk = Runtime.version().feature();
        if (jdk < FIRST_JDK) {
            throw new LibcUnavailableException("it needs JDK " + FIRST_JDK + " or newer, this is " + jdk, null);
        }
    }

    private static LibcUnavailableException unavailable(Throwable cause) {
        if (cause instanceof IllegalCallerException) {
            Module module = ForeignLibc.class.getModule();
            String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
            return new LibcUnavailableException(
                    "native access is denied, --enable-native-access=" + name + " allows it", cause);
        }
        return new LibcUnavailableException("the foreign function API can't be used: " + cause, cause);
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
        Function function = functions.get(method);
        if (function != null) {
            return call(function, arguments == null ? new Object[0] : arguments);
        }
        return switch (method.getName()) {
            case "environ" -> environ;
            case "toString" -> "libc";
            case "hashCode" -> System.identityHashCode(proxy);
            case "equals" -> arguments != null && proxy == arguments[0];
            default -> throw new UnsupportedOperationException(method.toString());
        };
    }

    private Object call(Function function, Object[] arguments) throws Throwable {
        long[] a = new long[MAX_ARGUMENTS];
        for (int i = 0; i < arguments.length; i++) {
            a[i] = ((Number) arguments[i]).longValue();
        }
        Errno captured = errno.get();
        long register = (long) call.invokeExact(function.address, captured.segment, a[0], a[1], a[2], a[3], a[4], a[5]);
        long result = function.returnsInt ? (int) register : register;
        if (function.setsErrno && result == -1) {
            result = -captured.memory.getInt(0);
        }
        if (function.returnsInt) {
            return (int) result;
        }
        return result;
    }

    /**
     * One function.
     *
     * @param address a MemorySegment
     */
    private record Function(Object address, boolean setsErrno, boolean returnsInt) {}

    /**
     * Where a call leaves its errno: each thread has its own.
     *
     * @param segment a MemorySegment over {@code memory}
     */
    private record Errno(ByteBuffer memory, Object segment) {}

    /** The part of the foreign function API that binding takes. */
    private static final class Binder {
        private final Class<?> linkerType = Class.forName("java.lang.foreign.Linker");
        private final Class<?> optionType = Class.forName("java.lang.foreign.Linker$Option");
        private final Class<?> segmentType = Class.forName("java.lang.foreign.MemorySegment");
        private final Class<?> descriptorType = Class.forName("java.lang.foreign.FunctionDescriptor");
        private final Class<?> layoutType = Class.forName("java.lang.foreign.MemoryLayout");

        private final Object linker = linkerType.getMethod("nativeLinker").invoke(null);
        private final Object lookup = linkerType.getMethod("defaultLookup").invoke(linker);
        private final Method find =
                Class.forName("java.lang.foreign.SymbolLookup").getMethod("find", String.class);
        private final Method segmentOf = segmentType.getMethod("ofBuffer", Buffer.class);

        private Binder() throws ReflectiveOperationException {}

        /** Returns the MemorySegment of a symbol. */
        Object find(String symbol) throws ReflectiveOperationException, LibcUnavailableException {
            Optional<?> found = (Optional<?>) find.invoke(lookup, symbol);
            if (found.isEmpty()) {
                throw new LibcUnavailableException(
                        "the C library has no " + symbol + " (glibc 2.34 and newer have all that is needed)", null);
            }
            return found.get();
        }

        long addressOf(Object segment) throws ReflectiveOperationException {
            return (long) segmentType.getMethod("address").invoke(segment);
        }

        /** Returns a handle that takes the function, where to put errno, and six longs. */
        MethodHandle bind() throws ReflectiveOperationException {
            Object layout = Class.forName("java.lang.foreign.ValueLayout")
                    .getField("JAVA_LONG")
                    .get(null);
            Object parameters = Array.newInstance(layoutType, MAX_ARGUMENTS);
            for (int i = 0; i < MAX_ARGUMENTS; i++) {
                Array.set(parameters, i, layout);
            }
            Object descriptor = descriptorType
                    .getMethod("of", layoutType, layoutType.arrayType())
                    .invoke(null, layout, parameters);
            Object options = Array.newInstance(optionType, 1);
            Array.set(
                    options,
                    0,
                    optionType.getMethod("captureCallState", String[].class).invoke(null, (Object)
                            new String[] {"errno"}));
            MethodHandle handle = (MethodHandle) linkerType
                    .getMethod("downcallHandle", descriptorType, optionType.arrayType())
                    .invoke(linker, descriptor, options);
            MethodType type = handle.type().changeParameterType(0, Object.class).changeParameterType(1, Object.class);
            return handle.asType(type);
        }

        private Errno newErrno() {
            // The layout of the captured state on Linux is errno alone.
            ByteBuffer memory = ByteBuffer.allocateDirect(Integer.BYTES).order(ByteOrder.nativeOrder());
            try {
                return new Errno(memory, segmentOf.invoke(null, memory));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("a public method of a public interface", e);
            }
        }
    }
}
