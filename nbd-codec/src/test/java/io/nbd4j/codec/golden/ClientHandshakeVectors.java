package io.nbd4j.codec.golden;

import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.InfoType;
import io.nbd4j.codec.handshake.OptionRequest;
import java.util.List;

/**
 * What clients send during the handshake, typed from the layout in the specification. All but the experimental ones
 * were also sent to nbdkit 1.32.5 or qemu-nbd 7.2.22, which took them for what they are.
 */
public final class ClientHandshakeVectors {
    private ClientHandshakeVectors() {}

    /** Client flags. */
    public static List<GoldenVector<ClientFlags>> clientFlags() {
        return List.of(
                new GoldenVector<>("fixed newstyle, no zeroes", "00000003", new ClientFlags(3)),
                new GoldenVector<>("no flag", "00000000", new ClientFlags(0)),
                new GoldenVector<>("a flag that does not exist", "80000001", new ClientFlags(0x8000_0001)));
    }

    /** Option requests. */
    public static List<GoldenVector<OptionRequest>> optionRequests() {
        return List.of(
                new GoldenVector<>(
                        "EXPORT_NAME, default export",
                        "49484156454f5054 00000001 00000000",
                        new OptionRequest.ExportName("")),
                new GoldenVector<>(
                        "EXPORT_NAME, UTF-8",
                        "49484156454f5054 00000001 00000005 c3a974c3a9",
                        new OptionRequest.ExportName("été")),
                new GoldenVector<>("ABORT", "49484156454f5054 00000002 00000000", new OptionRequest.Abort()),
                new GoldenVector<>("LIST", "49484156454f5054 00000003 00000000", new OptionRequest.ListExports()),
                new GoldenVector<>(
                        "PEEK_EXPORT", "49484156454f5054 00000004 00000000", new OptionRequest.UnknownOption(4)),
                new GoldenVector<>("STARTTLS", "49484156454f5054 00000005 00000000", new OptionRequest.StartTls()),
                new GoldenVector<>(
                        "INFO about everything",
                        """
                        'IHAVEOPT'
                        00000006            # INFO
                        00000010            # length
                        00000004 'disk'     # name
                        0003                # number of information requests
                        0003 0001 0002      # BLOCK_SIZE, NAME, DESCRIPTION
                        """,
                        OptionRequest.Info.of("disk", InfoType.BLOCK_SIZE, InfoType.NAME, InfoType.DESCRIPTION)),
                new GoldenVector<>(
                        "GO with block sizes",
                        "49484156454f5054 00000007 00000008 00000000 0001 0003",
                        OptionRequest.Go.of("", InfoType.BLOCK_SIZE)),
                new GoldenVector<>(
                        "GO without information requests",
                        "49484156454f5054 00000007 0000000a 00000004 6469736b 0000",
                        OptionRequest.Go.of("disk")),
                new GoldenVector<>(
                        "GO with an unknown information request",
                        "49484156454f5054 00000007 00000008 00000000 0001 fffe",
                        new OptionRequest.Go("", List.of(0xfffe))),
                new GoldenVector<>(
                        "STRUCTURED_REPLY", "49484156454f5054 00000008 00000000", new OptionRequest.StructuredReply()),
                new GoldenVector<>(
                        "LIST_META_CONTEXT, everything",
                        "49484156454f5054 00000009 00000008 00000000 00000000",
                        new OptionRequest.ListMetaContext("", List.of())),
                new GoldenVector<>(
                        "SET_META_CONTEXT",
                        """
                        'IHAVEOPT'
                        0000000a            # SET_META_CONTEXT
                        00000021            # length
                        00000002 'hd'       # name
                        00000002            # number of queries
                        0000000f 'base:allocation'
                        00000000            # an empty query
                        """,
                        new OptionRequest.SetMetaContext("hd", List.of("base:allocation", ""))),
                new GoldenVector<>(
                        "EXTENDED_HEADERS", "49484156454f5054 0000000b 00000000", new OptionRequest.ExtendedHeaders()),
                new GoldenVector<>(
                        "an option that does not exist",
                        "49484156454f5054 ffffffff 00000000",
                        new OptionRequest.UnknownOption(-1)));
    }
}
