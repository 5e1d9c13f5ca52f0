package io.nbd4j.testkit.junit;

import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.TlsMode;
import io.nbd4j.testkit.fault.FaultPlan;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A {@link TestServer} that runs while the test does.
 *
 * <pre>{@code
 * @Test
 * void readsZeroes(@NbdServer TestServer server) {
 *     client.connect(server.uri());
 * }
 * }</pre>
 *
 * <p>Each annotated element gets a server of its own, which listens already:
 * <ul>
 *   <li>a parameter of a test, of a {@code @BeforeEach} or {@code @AfterEach} method, or of a constructor, and a field of
 *       an instance: one for each test. Fields are set before {@code @BeforeEach} methods run, also those of the classes
 *       around a nested one;
 *   <li>a static field, a parameter of a {@code @BeforeAll} or {@code @AfterAll} method, or of the constructor of an
 *       instance for all tests: one for the class, which its tests share, nested classes included.
 * </ul>
 *
 * <p>It is closed after that test or class. Tests may run in parallel. A static field that several classes inherit is one
 * field: these do not run in parallel.
 *
 * <p>Everything that is said is recorded ({@link TestServer#transcript}). If the test fails, the transcript is published as
 * a report entry, and added to the failure as a suppressed one. A failure of a test shows those of the servers of its class,
 * too.
 *
 * <p>With {@link #tls}, the certificate is issued by an authority that a parameter of the type {@link TestCertificates}
 * provides, which needs no annotation. It is the same one for all tests.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.PARAMETER, ElementType.ANNOTATION_TYPE})
@ExtendWith(NbdServerExtension.class)
public @interface NbdServer {
    /** The {@link #size} of an export that does not say another one: 64 MiB. */
    long DEFAULT_SIZE = 64L << 20;

    /** What an export holds. */
    enum Content {
        /** Zeroes at first: a {@link MemoryExport}. */
        MEMORY,
        /** Its own offsets, read-only: a {@link PatternExport}. */
        PATTERN
    }

    /** Where a server listens. */
    enum Transport {
        /** On a free port of the loopback interface. */
        TCP,
        /** On a Unix socket in a temporary directory. */
        UNIX
    }

    /** The name of the export. By default it is the empty one, of the default export. */
    String exportName() default "";

    /** The size of the export in bytes, from 0 on. Memory is occupied by what is written only. */
    long size() default DEFAULT_SIZE;

    /** What the export holds. */
    Content content() default Content.MEMORY;

    /** Whether the export refuses to be changed. A pattern does anyway. */
    boolean readOnly() default false;

    /** Where the server listens. */
    Transport transport() default Transport.TCP;

    /** How a connection begins. */
    HandshakeStyle handshake() default HandshakeStyle.FIXED_NEWSTYLE;

    /** Whether clients may agree on structured replies. */
    boolean structuredReplies() default true;

    /** Whether clients may agree on extended headers. */
    boolean extendedHeaders() default true;

    /** What is done about TLS. It needs {@code io.netty:netty-pkitesting} on the class path of the test. */
    TlsMode tls() default TlsMode.OFF;

    /** See {@link SizeConstraints#minimumBlock}. */
    long minimumBlock() default 1;

    /** See {@link SizeConstraints#preferredBlock}. */
    long preferredBlock() default 4096;

    /** See {@link SizeConstraints#maximumPayload}. */
    long maximumPayload() default ProtocolLimits.DEFAULT_MAXIMUM_PAYLOAD;

    /**
     * What goes wrong on purpose: rules such as {@code on READ nth 5: refuse EIO}, see {@link FaultPlan#parse}. Where there
     * are some, those of {@link #configuredBy} do not count.
     */
    String[] faults() default {};

    /**
     * Whether a test, or a class if the server is for that, may pass though a rule of the fault plan has done nothing. By
     * default it fails, and the message names the rule.
     */
    boolean allowUnusedFaults() default false;

    /**
     * What adds the exports, and whatever else the other attributes cannot say. It gets a builder that has been told what
     * they do say. {@link #exportName}, {@link #size}, {@link #content} and {@link #readOnly} are then not for use.
     */
    Class<? extends NbdServerConfigurer> configuredBy() default NbdServerConfigurer.class;
}
