package io.nbd4j.client;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

@AnalyzeClasses(packages = "io.nbd4j.client", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("io.nbd4j.client.internal.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule theConnectionKnowsNoTransport = noClasses()
            .that()
            .resideInAPackage("io.nbd4j.client.internal.connection")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.netty.channel.epoll..",
                    "io.netty.channel.kqueue..",
                    "io.netty.channel.uring..",
                    "io.netty.channel.unix..",
                    "io.netty.channel.socket..",
                    "io.netty.channel.nio..",
                    "io.netty.channel.local..",
                    "io.netty.handler.ssl..",
                    "io.nbd4j.client.internal.transport..",
                    "io.nbd4j.client.internal.subprocess..");

    @ArchTest
    static final ArchRule onlyTheBuilderKnowsTheInside = noClasses()
            .that()
            .resideInAPackage("io.nbd4j.client")
            .and()
            .doNotHaveFullyQualifiedName(NbdClientBuilder.class.getName())
            .should()
            .dependOnClassesThat(resideInAPackage("io.nbd4j.client.internal.."));

    @Test
    void onlyThePublicPackageIsExported() throws IOException {
        // Given
        Path classes = Path.of(NbdClientBuilder.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath());

        // When
        ModuleDescriptor module;
        try (InputStream descriptor = Files.newInputStream(classes.resolve("module-info.class"))) {
            module = ModuleDescriptor.read(descriptor);
        }

        // Then
        assertThat(module.exports())
                .extracting(ModuleDescriptor.Exports::source)
                .containsExactly("io.nbd4j.client");
        assertThat(module.isOpen()).isFalse();
        assertThat(module.opens()).isEmpty();
    }
}
