package io.nbd4j.client.conformance;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/** Every byte of this case's server is typed as hex: no encoder of the project takes part, whose mistake could agree with a decoder's. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@Tag("typed-bytes")
@interface TypedBytes {}
