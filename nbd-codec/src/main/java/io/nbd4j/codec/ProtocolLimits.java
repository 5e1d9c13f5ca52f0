package io.nbd4j.codec;

/** Sizes that the specification fixes, and the bounds on what is accepted from the other side. All in bytes. */
public final class ProtocolLimits {
    /** The TCP port that IANA assigned to NBD. */
    public static final int DEFAULT_PORT = 10809;
    /** The longest string: an export name, a description, a meta context, an error message. */
    public static final int MAX_STRING = 4096;
    /** Zero padding behind an oldstyle greeting, and behind the answer to {@code NBD_OPT_EXPORT_NAME}. */
    public static final int ZERO_PADDING = 124;
    /** The payload that every server accepts when it advertises no maximum. */
    public static final int DEFAULT_MAXIMUM_PAYLOAD = 32 * 1024 * 1024;
    /** The smallest minimum block that a server may insist on is a power of two up to this. */
    public static final int MAX_MINIMUM_BLOCK = 65536;
    /** The most option data that is accepted in an option reply whose type is understood. */
    public static final int MAX_OPTION_REPLY_DATA = 4 + MAX_STRING + MAX_STRING;
    /** The most data of an option reply or an information item of an unknown type, which is skipped. */
    public static final int MAX_SKIPPED_OPTION_DATA = 64 * 1024;
    /** The most option data that a server gathers; a longer request is skipped and refused. */
    public static final int MAX_OPTION_REQUEST_DATA = 256 * 1024;
    /** The most descriptors that a block status chunk should carry. */
    public static final int MAX_EXTENTS = 1 << 20;

    private ProtocolLimits() {}
}
