package io.nbd4j.codec;

/** The magic numbers of the NBD protocol. All are big-endian on the wire. */
public final class Magic {
    /** {@code NBDMAGIC}: the first eight bytes that any server sends. */
    public static final long NBDMAGIC = 0x4e42_444d_4147_4943L;
    /** {@code cliserv_magic}: the second eight bytes of an oldstyle greeting. */
    public static final long OLDSTYLE = 0x0000_4202_8186_1253L;
    /** {@code IHAVEOPT}: the second eight bytes of a newstyle greeting, and the start of each option request. */
    public static final long IHAVEOPT = 0x4948_4156_454f_5054L;
    /** Starts each option reply. */
    public static final long OPTION_REPLY = 0x0003_e889_0455_65a9L;
    /** {@code NBD_REQUEST_MAGIC}: starts each compact request. */
    public static final int REQUEST = 0x2560_9513;
    /** {@code NBD_SIMPLE_REPLY_MAGIC}: starts each simple reply. */
    public static final int SIMPLE_REPLY = 0x6744_6698;
    /** {@code NBD_STRUCTURED_REPLY_MAGIC}: starts each structured reply chunk. */
    public static final int STRUCTURED_REPLY = 0x668e_33ef;
    /** {@code NBD_EXTENDED_REQUEST_MAGIC} (experimental): starts each request once extended headers are agreed. */
    public static final int EXTENDED_REQUEST = 0x21e4_1c71;
    /** {@code NBD_EXTENDED_REPLY_MAGIC} (experimental): starts each reply chunk once extended headers are agreed. */
    public static final int EXTENDED_REPLY = 0x6e8a_278c;

    private Magic() {}
}
