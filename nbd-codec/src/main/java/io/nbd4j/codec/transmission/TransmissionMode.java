package io.nbd4j.codec.transmission;

/** What the handshake agreed on about the headers of requests and the form of replies. Each includes the one before. */
public enum TransmissionMode {
    /** Compact headers, simple replies. */
    SIMPLE,
    /** Compact headers; replies are simple or made of structured reply chunks, those to reads always of chunks. */
    STRUCTURED,
    /** Extended headers (experimental): every reply is made of extended reply chunks. */
    EXTENDED
}
