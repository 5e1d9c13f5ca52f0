package io.nbd4j.testkit.internal.fault;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Dependencies point one way: the server to the gate, the gate to the faults, the faults to the facts of messages. */
class FaultDependenciesTest {
    private final JavaClasses testkit = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.nbd4j.testkit");

    @Test
    void aTranscriptKnowsMessagesOnly() {
        classes()
                .that()
                .resideInAPackage("io.nbd4j.testkit.transcript")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "org.jspecify..", "io.nbd4j.codec..", "io.nbd4j.testkit.transcript")
                .check(testkit);
    }

    @Test
    void faultsAreDataWithoutAServer() {
        classes()
                .that()
                .resideInAPackage("io.nbd4j.testkit.fault")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify..",
                        "io.nbd4j.codec..",
                        "io.nbd4j.testkit.transcript",
                        "io.nbd4j.testkit.fault")
                .check(testkit);
    }

    @Test
    void theGateKnowsNothingOfTheServer() {
        classes()
                .that()
                .resideInAPackage("io.nbd4j.testkit.internal.fault")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify..",
                        "io.netty..",
                        "io.nbd4j.codec..",
                        "io.nbd4j.testkit.transcript",
                        "io.nbd4j.testkit.fault",
                        "io.nbd4j.testkit.internal.fault")
                .check(testkit);
    }
}
