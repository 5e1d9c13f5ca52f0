package io.nbd4j.codec.handshake;

/**
 * An option request whose data a server cannot use. The data has been consumed, so that the server can refuse the
 * option and go on.
 *
 * @param option the 32-bit code of the option
 * @param answer the refusal that fits: ERR_INVALID or ERR_TOO_BIG
 * @param reason what is wrong, for the refusal's message
 */
public record MalformedOption(int option, OptionReplyType answer, String reason) {}
