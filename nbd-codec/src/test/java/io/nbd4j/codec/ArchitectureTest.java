package io.nbd4j.codec;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.nbd4j.codec", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule knowsNoTransportAndNoTls = noClasses()
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
                    "io.netty.handler.ssl..");

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching("io.nbd4j.(**)").should().beFreeOfCycles();
}
