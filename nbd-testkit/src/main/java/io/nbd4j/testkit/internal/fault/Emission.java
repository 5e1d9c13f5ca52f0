package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.fault.Hold;
import java.time.Duration;

/** A step of what the server does instead of answering. */
sealed interface Emission {
    /** Bytes leave. */
    record Send(Message message) implements Emission {}

    /** Nothing happens for a while. */
    record Pause(Duration time) implements Emission {}

    /** Nothing happens until the test says so. */
    record Await(Hold hold) implements Emission {}

    /** Nothing happens until so many other answers have left. */
    record AwaitAnswers(int answers) implements Emission {}

    /** The end of the connection. */
    record End(How how) implements Emission {}

    /** How a connection ends. */
    enum How {
        CLOSE,
        RESET,
        HALF_CLOSE
    }
}
