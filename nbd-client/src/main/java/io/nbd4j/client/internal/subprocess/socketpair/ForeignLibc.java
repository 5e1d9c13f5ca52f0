package io.nbd4j.client.internal.subprocess.socketpair;

import java.lang.invoke.MethodHandle;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Binds {@link Libc} with the foreign function API, which is final from JDK 22 on. It is reached by reflection, so that
 * one jar built for 17 serves every JDK; only binding is reflective, a call goes through a method handle.
 */
final class ForeignLibc implements InvocationHandler {
    private static final int FIRST_JDK = 22;
    private static final List<String> ARCHITECTURES = List.of("amd64", "aarch64", "riscv64");

    private final Map<Method, Function> functions = new HashMap<>();
    private final long environ;

    private ForeignLibc(Binder binder) throws ReflectiveOperationException, LibcUnavailableException {
        for (Method method : Libc.class.getMethods()) {
            if (method.isAnnotationPresent(Libc.Symbol.class)) {
                functions.put(method, binder.bind(method));
            }
        }
        environ = binder.addressOf("environ");
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
        // The numbers of flags and the layout of siginfo_t differ on other architectures.
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
            return function.call(arguments == null ? new Object[0] : arguments);
        }
        return switch (method.getName()) {
            case "environ" -> environ;
            case "toString" -> "libc";
            case "hashCode" -> System.identityHashCode(proxy);
            case "equals" -> arguments != null && proxy == arguments[0];
            default -> throw new UnsupportedOperationException(method.toString());
        };
    }

    /**
     * One function.
     *
     * @param handle takes an array; its first element is where errno is put, if {@code errno} is not null
     */
    private record Function(MethodHandle handle, @Nullable ThreadLocal<Errno> errno) {
        Object call(Object[] arguments) throws Throwable {
            if (errno == null) {
                return (Object) handle.invokeExact(arguments);
            }
            Errno mine = errno.get();
            Object[] all = new Object[arguments.length + 1];
            all[0] = mine.segment;
            System.arraycopy(arguments, 0, all, 1, arguments.length);
            Object result = (Object) handle.invokeExact(all);
            if (((Number) result).longValue() != -1) {
                return result;
            }
            int negated = -mine.memory.getInt(0);
            return result instanceof Long ? (Object) (long) negated : (Object) negated;
        }
    }

    /** Where a call leaves its errno: each thread has its own. */
    private record Errno(ByteBuffer memory, Object segment) {}

    /** The part of the foreign function API that binding takes. */
    private static final class Binder {
        private final Class<?> linkerType = Class.forName("java.lang.foreign.Linker");
        private final Class<?> optionType = Class.forName("java.lang.foreign.Linker$Option");
        private final Class<?> segmentType = Class.forName("java.lang.foreign.MemorySegment");
        private final Class<?> descriptorType = Class.forName("java.lang.foreign.FunctionDescriptor");
        private final Class<?> layoutType = Class.forName("java.lang.foreign.MemoryLayout");
        private final Class<?> valueLayoutType = Class.forName("java.lang.foreign.ValueLayout");

        private final Object linker = linkerType.getMethod("nativeLinker").invoke(null);
        private final Object lookup = linkerType.getMethod("defaultLookup").invoke(linker);
        private final Method find =
                Class.forName("java.lang.foreign.SymbolLookup").getMethod("find", String.class);
        private final Method describe = descriptorType.getMethod("of", layoutType, layoutType.arrayType());
        private final Method downcall =
                linkerType.getMethod("downcallHandle", segmentType, descriptorType, optionType.arrayType());
        private final Method segmentOf = segmentType.getMethod("ofBuffer", Buffer.class);
        private final ThreadLocal<Errno> errno = ThreadLocal.withInitial(this::newErrno);

        private Binder() throws ReflectiveOperationException {}

        Function bind(Method method) throws ReflectiveOperationException, LibcUnavailableException {
            Libc.Symbol symbol = method.getAnnotation(Libc.Symbol.class);
            Class<?>[] parameters = method.getParameterTypes();
            Object layouts = Array.newInstance(layoutType, parameters.length);
            for (int i = 0; i < parameters.length; i++) {
                Array.set(layouts, i, layoutOf(parameters[i]));
            }
            Object descriptor = describe.invoke(null, layoutOf(method.getReturnType()), layouts);
            MethodHandle handle =
                    (MethodHandle) downcall.invoke(linker, segmentOf(symbol.value()), descriptor, options(symbol));
            MethodHandle spread = handle.asType(handle.type().generic())
                    .asSpreader(Object[].class, handle.type().parameterCount());
            return new Function(spread, symbol.setsErrno() ? errno : null);
        }

        long addressOf(String symbol) throws ReflectiveOperationException, LibcUnavailableException {
            return (long) segmentType.getMethod("address").invoke(segmentOf(symbol));
        }

        private Object segmentOf(String symbol) throws ReflectiveOperationException, LibcUnavailableException {
            Optional<?> found = (Optional<?>) find.invoke(lookup, symbol);
            if (found.isEmpty()) {
                throw new LibcUnavailableException(
                        "the C library has no " + symbol + " (glibc 2.34 and newer have all that is needed)", null);
            }
            return found.get();
        }

        private Object layoutOf(Class<?> type) throws ReflectiveOperationException {
            return valueLayoutType
                    .getField("JAVA_" + type.getName().toUpperCase(Locale.ROOT))
                    .get(null);
        }

        private Object options(Libc.Symbol symbol) throws ReflectiveOperationException {
            List<Object> options = new ArrayList<>();
            if (symbol.variadicFrom() >= 0) {
                options.add(optionType.getMethod("firstVariadicArg", int.class).invoke(null, symbol.variadicFrom()));
            }
            if (symbol.setsErrno()) {
                Method capture = optionType.getMethod("captureCallState", String[].class);
                options.add(capture.invoke(null, (Object) new String[] {"errno"}));
            }
            return options.toArray((Object[]) Array.newInstance(optionType, 0));
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
