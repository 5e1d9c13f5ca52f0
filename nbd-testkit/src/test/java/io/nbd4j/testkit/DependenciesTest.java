package io.nbd4j.testkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class DependenciesTest {
    @Test
    void onlyTheJunitPackageTouchesJunit() {
        // Given
        JavaClasses classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.nbd4j.testkit");

        // When // Then
        noClasses()
                .that()
                .resideOutsideOfPackage("io.nbd4j.testkit.junit..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.junit..", "org.opentest4j..", "io.nbd4j.testkit.junit..")
                .check(classes);
    }

    @Test
    void onlyTheTestCertificatesTouchWhatMakesThem() {
        // Given
        JavaClasses classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.nbd4j.testkit");

        // When // Then
        noClasses()
                .that()
                .haveNameNotMatching("io\\.nbd4j\\.testkit\\.TestCertificates(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.pkitesting..", "org.bouncycastle..")
                .check(classes);
    }

    @Test
    void noClassTouchesTheClient() {
        // Given
        JavaClasses classes = new ClassFileImporter().importPackages("io.nbd4j.testkit");

        // When // Then
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.nbd4j.client..", "io.nbd4j.tools..")
                .check(classes);
    }
}
