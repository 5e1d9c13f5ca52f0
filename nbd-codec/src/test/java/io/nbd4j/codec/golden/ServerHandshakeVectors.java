package io.nbd4j.codec.golden;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.NewstyleGreeting;
import io.nbd4j.codec.handshake.OldstyleGreeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import java.util.List;

/**
 * What servers send during the handshake. "nbdkit" is nbdkit 1.32.5, "qemu-nbd" is 7.2.22, both captured from a Unix
 * socket; "typed" is from the layout in the specification.
 */
public final class ServerHandshakeVectors {
    private ServerHandshakeVectors() {}

    /** Greetings, of both styles. */
    public static List<GoldenVector<Greeting>> greetings() {
        return List.of(
                new GoldenVector<>(
                        "fixed newstyle, nbdkit and qemu-nbd",
                        "4e42444d41474943 49484156454f5054 0003",
                        new NewstyleGreeting(new HandshakeFlags(3))),
                new GoldenVector<>(
                        "newstyle without any flag, typed", """
                        'NBDMAGIC'
                        'IHAVEOPT'
                        0000                # handshake flags
                        """, new NewstyleGreeting(new HandshakeFlags(0))),
                new GoldenVector<>(
                        "newstyle with flags that do not exist, typed",
                        "'NBDMAGIC' 'IHAVEOPT' fffd",
                        new NewstyleGreeting(new HandshakeFlags(0xfffd))),
                new GoldenVector<>(
                        "oldstyle, nbdkit -o memory 1M",
                        """
                        4e42444d41474943
                        0000420281861253
                        0000000000100000    # size
                        0000 0d6d           # handshake flags, transmission flags
                        00*124
                        """,
                        new OldstyleGreeting(1 << 20, new TransmissionFlags(0x0d6d))));
    }

    /** Answers to EXPORT_NAME without the padding. */
    public static List<GoldenVector<ExportNameReply>> exportNameRepliesWithoutZeroes() {
        return List.of(new GoldenVector<>(
                "EXPORT_NAME answered, nbdkit memory 1M",
                "0000000000100000 0d6d",
                new ExportNameReply(1 << 20, new TransmissionFlags(0x0d6d))));
    }

    /** Answers to EXPORT_NAME with the padding. */
    public static List<GoldenVector<ExportNameReply>> exportNameRepliesWithZeroes() {
        return List.of(new GoldenVector<>(
                "EXPORT_NAME answered and padded, nbdkit memory 1M",
                "0000000000100000 0d6d 00*124",
                new ExportNameReply(1 << 20, new TransmissionFlags(0x0d6d))));
    }

    /** Option replies. */
    public static List<GoldenVector<OptionReply>> optionReplies() {
        return List.of(
                new GoldenVector<>("ACK to STRUCTURED_REPLY, nbdkit and qemu-nbd", """
                        0003e889045565a9
                        00000008            # option
                        00000001            # ACK
                        00000000            # length
                        """, new OptionReply.Ack(8)),
                new GoldenVector<>(
                        "SERVER with an empty name, nbdkit memory",
                        "0003e889045565a9 00000003 00000002 00000004 00000000",
                        new OptionReply.Server(3, "", "")),
                new GoldenVector<>(
                        "SERVER with a name, nbdkit file dir=",
                        "0003e889045565a9 00000003 00000002 00000008 00000004 6469736b",
                        new OptionReply.Server(3, "disk", "")),
                new GoldenVector<>(
                        "SERVER with a description, qemu-nbd -x disk -D 'A disk'",
                        "0003e889045565a9 00000003 00000002 0000000e 00000004 6469736b 41206469736b",
                        new OptionReply.Server(3, "disk", "A disk")),
                new GoldenVector<>(
                        "INFO_EXPORT in answer to GO, nbdkit memory 1M",
                        """
                        0003e889045565a9
                        00000007            # GO
                        00000003            # INFO
                        0000000c            # length
                        0000                # EXPORT
                        0000000000100000    # size
                        0ded                # transmission flags
                        """,
                        new OptionReply.Info(7, new InfoItem.ExportItem(1 << 20, new TransmissionFlags(0x0ded)))),
                new GoldenVector<>(
                        "INFO_EXPORT of the largest size, typed",
                        "0003e889045565a9 00000006 00000003 0000000c 0000 7fffffffffffffff e001",
                        new OptionReply.Info(
                                6, new InfoItem.ExportItem(Long.MAX_VALUE, new TransmissionFlags(0xe001)))),
                new GoldenVector<>(
                        "INFO_NAME, empty, nbdkit memory",
                        "0003e889045565a9 00000006 00000003 00000002 0001",
                        new OptionReply.Info(6, new InfoItem.NameItem(""))),
                new GoldenVector<>(
                        "INFO_NAME, qemu-nbd",
                        "0003e889045565a9 00000006 00000003 00000006 0001 6469736b",
                        new OptionReply.Info(6, new InfoItem.NameItem("disk"))),
                new GoldenVector<>(
                        "INFO_DESCRIPTION, qemu-nbd",
                        "0003e889045565a9 00000007 00000003 00000008 0002 41206469736b",
                        new OptionReply.Info(7, new InfoItem.DescriptionItem("A disk"))),
                new GoldenVector<>(
                        "INFO_BLOCK_SIZE, qemu-nbd",
                        """
                        0003e889045565a9 00000007 00000003 0000000e
                        0003                # BLOCK_SIZE
                        00000001            # minimum block
                        00001000            # preferred block
                        02000000            # maximum payload
                        """,
                        new OptionReply.Info(
                                7, new InfoItem.BlockSizeItem(new SizeConstraints(1, 4096, 32 * 1024 * 1024)))),
                new GoldenVector<>(
                        "INFO_BLOCK_SIZE without a maximum, typed",
                        "0003e889045565a9 00000007 00000003 0000000e 0003 00010000 00010000 ffffffff",
                        new OptionReply.Info(
                                7,
                                new InfoItem.BlockSizeItem(
                                        new SizeConstraints(65536, 65536, SizeConstraints.UNLIMITED)))),
                new GoldenVector<>(
                        "INFO of an unknown type, typed",
                        "0003e889045565a9 00000007 00000003 00000002 7777",
                        new OptionReply.Info(7, new InfoItem.UnknownInfoItem(0x7777))),
                new GoldenVector<>(
                        "META_CONTEXT, listed, nbdkit",
                        "0003e889045565a9 00000009 00000004 00000013 00000000 626173653a616c6c6f636174696f6e",
                        new OptionReply.MetaContextReply(9, 0, "base:allocation")),
                new GoldenVector<>(
                        "META_CONTEXT, set, nbdkit",
                        "0003e889045565a9 0000000a 00000004 00000013 00000001 626173653a616c6c6f636174696f6e",
                        new OptionReply.MetaContextReply(10, 1, "base:allocation")),
                new GoldenVector<>(
                        "META_CONTEXT with the highest id, typed",
                        "0003e889045565a9 0000000a 00000004 00000007 ffffffff 'x-a'",
                        new OptionReply.MetaContextReply(10, -1, "x-a")),
                new GoldenVector<>(
                        "ERR_UNSUP without text, nbdkit",
                        "0003e889045565a9 00000063 80000001 00000000",
                        OptionReply.Refusal.of(99, OptionReplyType.ERR_UNSUP, "")),
                new GoldenVector<>(
                        "ERR_UNSUP with text, qemu-nbd",
                        """
                        0003e889045565a9 00000063 80000001 00000021
                        556e737570706f72746564206f7074696f6e20393920283c756e6b6e6f776e3e29
                        """,
                        OptionReply.Refusal.of(99, OptionReplyType.ERR_UNSUP, "Unsupported option 99 (<unknown>)")),
                new GoldenVector<>(
                        "ERR_UNKNOWN to GO, qemu-nbd",
                        """
                        0003e889045565a9 00000007 80000006 0000001b
                        6578706f727420276e6f7375636827206e6f742070726573656e74
                        """,
                        OptionReply.Refusal.of(7, OptionReplyType.ERR_UNKNOWN, "export 'nosuch' not present")),
                new GoldenVector<>(
                        "an error without a name, typed",
                        "0003e889045565a9 00000007 8000007f 00000003 'why'",
                        new OptionReply.Refusal(7, 0x8000007f, "why")));
    }
}
