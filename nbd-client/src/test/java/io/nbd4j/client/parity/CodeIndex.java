package io.nbd4j.client.parity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * The classes of all modules, which a page calls by names such as {@code NbdClient}, {@code NbdTarget.Command},
 * {@code Negotiation#go} or, where two classes share a name and none of them is of the client's public package,
 * {@code conformance.TlsIT#t071_startTlsIsTheFirstOption}.
 *
 * <p>What the class path of these tests has is asked by reflection. The tools, and most tests of the other modules, are there as
 * sources only, and are asked by their text.
 */
final class CodeIndex {
    /** The root of the project. A module's tests run in the directory of the module. */
    static final Path ROOT = Path.of("..");

    private static final String PUBLIC_PACKAGE = "io.nbd4j.client.";
    private static final List<String> MODULES = List.of("nbd-codec", "nbd-client", "nbd-testkit", "nbd-tools");
    private static final String TEST_ANNOTATION =
            "@(?:Test|ParameterizedTest|FuzzTest|EachWay\\w*|EachTransport|ArchTest)\\b";

    /** Does not pass the end of a method. */
    private static final String WITHIN_A_METHOD = "(?s:(?!\n    }\n).)*?";

    private final Map<String, Path> sources = new TreeMap<>();

    CodeIndex() {
        for (String module : MODULES) {
            for (String kind : List.of("main", "test")) {
                add(ROOT.resolve(Path.of(module, "src", kind, "java")));
            }
        }
    }

    private void add(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(file -> {
                String name = root.relativize(file)
                        .toString()
                        .replace(file.getFileSystem().getSeparator(), ".");
                sources.put(name.substring(0, name.length() - ".java".length()), file);
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the names of the classes in the main sources of a module, without the nested ones. */
    List<String> mainClassesOf(String module) {
        Path main = ROOT.resolve(Path.of(module, "src", "main"));
        return sources.entrySet().stream()
                .filter(source ->
                        source.getValue().startsWith(main) && !source.getKey().endsWith("-info"))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Returns what is wrong with a name; empty if it stands for one class, and for a member of it if it says so. */
    Optional<String> problemWith(String name) {
        List<String> found = topLevelOf(name);
        if (found.size() != 1) {
            return Optional.of(found.isEmpty() ? name + ": there is no such class" : name + " is one of " + found);
        }
        String member = memberOf(name);
        Optional<Class<?>> type = load(found.get(0), name);
        if (type.isPresent()) {
            return member.isEmpty() || hasMember(type.get(), member)
                    ? Optional.empty()
                    : Optional.of(name + ": there is no such member");
        }
        String text = read(found.get(0));
        boolean nestedMissing = nestedOf(name).stream()
                .anyMatch(nested -> !Pattern.compile("(?:class|record|enum|interface) " + nested + "\\b")
                        .matcher(text)
                        .find());
        boolean memberMissing = !member.isEmpty()
                && !Pattern.compile("(?m)^ +[\\w<>\\[\\]?, @]*\\b" + member + "(?:\\(|;| =|,|$)")
                        .matcher(text)
                        .find();
        return nestedMissing || memberMissing
                ? Optional.of(name + ": there is nothing like it in the source")
                : Optional.empty();
    }

    /** Returns whether a name that stands for a member stands for a test. */
    boolean isTest(String name) {
        List<String> found = topLevelOf(name);
        String member = memberOf(name);
        if (found.size() != 1 || member.isEmpty()) {
            return false;
        }
        return load(found.get(0), name)
                .map(type -> hierarchyOf(type).stream()
                        .flatMap(one -> Arrays.stream(one.getDeclaredMethods()))
                        .filter(method -> method.getName().equals(member))
                        .anyMatch(method -> AnnotationSupport.isAnnotated(method, Testable.class)))
                .orElseGet(() -> Pattern.compile(TEST_ANNOTATION + WITHIN_A_METHOD + "\\bvoid " + member + "\\(")
                        .matcher(read(found.get(0)))
                        .find());
    }

    /** Returns the value of a constant as it is on the wire; empty for what is not a number of the protocol. */
    Optional<Long> wireValueOf(String name) {
        String member = memberOf(name);
        Class<?> type = load(topLevelOf(name).get(0), name).orElseThrow();
        try {
            Field field = type.getDeclaredField(member);
            Object value = field.get(null);
            if (field.isEnumConstant()) {
                Optional<Method> wire = Arrays.stream(type.getMethods())
                        .filter(method -> List.of("wire", "bit").contains(method.getName()))
                        .findAny();
                value = wire.isPresent() ? wire.get().invoke(value) : null;
            }
            return Optional.ofNullable(value)
                    .filter(Number.class::isInstance)
                    .map(number -> number instanceof Integer narrow
                            ? Integer.toUnsignedLong(narrow)
                            : ((Number) number).longValue());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(name, e);
        }
    }

    /** Returns the classes that may be meant. One that the client's users know is always meant. */
    private List<String> topLevelOf(String name) {
        String type = name.replaceFirst("#.*", "");
        String topLevel = type.replaceFirst("^((?:[a-z]\\w*\\.)*[A-Z]\\w*).*$", "$1");
        if (sources.containsKey(PUBLIC_PACKAGE + topLevel)) {
            return List.of(PUBLIC_PACKAGE + topLevel);
        }
        return sources.keySet().stream()
                .filter(one -> one.equals(topLevel) || one.endsWith("." + topLevel))
                .toList();
    }

    private static List<String> nestedOf(String name) {
        String nested = name.replaceFirst("#.*", "").replaceFirst("^(?:[a-z]\\w*\\.)*[A-Z]\\w*\\.?", "");
        return nested.isEmpty() ? List.of() : List.of(nested.split("\\.", -1));
    }

    private static String memberOf(String name) {
        int mark = name.indexOf('#');
        return mark < 0 ? "" : name.substring(mark + 1);
    }

    private static Optional<Class<?>> load(String topLevel, String name) {
        String binary = String.join(
                "$", Stream.concat(Stream.of(topLevel), nestedOf(name).stream()).toList());
        try {
            return Optional.of(Class.forName(binary, false, CodeIndex.class.getClassLoader()));
        } catch (ClassNotFoundException e) {
            return Optional.empty(); // Not on the class path, or a nested class that is not there: its source tells.
        }
    }

    private static boolean hasMember(Class<?> type, String member) {
        return hierarchyOf(type).stream()
                .anyMatch(one -> Stream.concat(
                                Arrays.stream(one.getDeclaredMethods()).map(Method::getName),
                                Arrays.stream(one.getDeclaredFields()).map(Field::getName))
                        .anyMatch(member::equals));
    }

    private static List<Class<?>> hierarchyOf(Class<?> type) {
        List<Class<?>> all = new ArrayList<>(List.of(type));
        for (int i = 0; i < all.size(); i++) {
            Class<?> one = all.get(i);
            if (one.getSuperclass() != null && one.getSuperclass() != Object.class) {
                all.add(one.getSuperclass());
            }
            all.addAll(List.of(one.getInterfaces()));
        }
        return all;
    }

    private String read(String topLevel) {
        try {
            return Files.readString(sources.get(topLevel));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
