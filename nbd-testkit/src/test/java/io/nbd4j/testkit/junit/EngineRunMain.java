package io.nbd4j.testkit.junit;

import io.nbd4j.testkit.junit.NbdServerSamples.Contradictions;
import io.nbd4j.testkit.junit.NbdServerSamples.Everywhere;
import io.nbd4j.testkit.junit.NbdServerSamples.Failing;
import io.nbd4j.testkit.junit.NbdServerSamples.Faulty;
import io.nbd4j.testkit.junit.NbdServerSamples.FaultyClass;
import io.nbd4j.testkit.junit.NbdServerSamples.FinalField;
import io.nbd4j.testkit.junit.NbdServerSamples.OneInstance;
import io.nbd4j.testkit.junit.NbdServerSamples.Settings;
import io.nbd4j.testkit.junit.NbdServerSamples.WithLeakPresence;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Runs the samples with the JUnit of its class path, and prints what became of them. */
final class EngineRunMain {
    private static final List<Class<?>> SAMPLES = List.of(
            Everywhere.class,
            OneInstance.class,
            Settings.class,
            Contradictions.class,
            Faulty.class,
            FaultyClass.class,
            FinalField.class,
            Failing.class,
            WithLeakPresence.class,
            RealNbdServerIT.Skipped.class,
            RequiresServerTest.OnMethods.class);

    private EngineRunMain() {}

    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println(
                "JUnit from " + Test.class.getProtectionDomain().getCodeSource().getLocation());
        outcomes().forEach(out::println);
        System.exit(0); // Whatever else runs has no say in it.
    }

    static List<String> outcomes() {
        return SAMPLES.stream()
                .flatMap(sample -> EngineRun.of(sample).outcomes().stream())
                .toList();
    }
}
