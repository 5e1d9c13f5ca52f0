package io.nbd4j.client.benchmark;

/** What is done again and again on an event loop. */
interface Turn {
    /** Has something sent that the server answers. */
    void begin();

    /** The answers have come, all of them. */
    void end();
}
