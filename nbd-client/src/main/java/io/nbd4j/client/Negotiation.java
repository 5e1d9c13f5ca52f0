package io.nbd4j.client;

import java.util.List;

/**
 * The pause in the handshake that {@link NbdClientBuilder#optionMode} asks for: the server waits for an option.
 *
 * <p>Options go one at a time: while one is outstanding, another is refused with an {@link InvalidRequestException}, and
 * so is any option in another state than {@link ConnectionState#NEGOTIATING}. Nothing is sent then, and nothing that is
 * under way is disturbed. Each option has the handshake timeout for itself.
 *
 * <p>Against a server that does not speak the fixed newstyle handshake only {@link #go()} and {@link #abort()} work; the
 * others fail with an {@link InvalidRequestException} (ENOTSUP).
 */
public interface Negotiation {
    /**
     * Sets the name of the export that {@link #go()} and {@link #info()} ask for; at first it is the builder's.
     *
     * @param name at most 4096 bytes of UTF-8 without NUL; another is refused when it is used. Empty is the default export
     * @return this
     */
    Negotiation exportName(String name);

    /** Returns the name of the export that {@link #go()} and {@link #info()} ask for. */
    String exportName();

    /**
     * Enters the transmission phase ({@code NBD_OPT_GO}, or {@code NBD_OPT_EXPORT_NAME} for a server that does not know
     * it).
     *
     * @return completes with the client, which is READY. Fails with {@link NegotiationRefusedException} if the server
     *     refuses; the handle stays NEGOTIATING, and another name can be tried
     */
    NbdFuture<NbdClient> go();

    /**
     * Asks about the export without entering the transmission phase ({@code NBD_OPT_INFO}).
     *
     * @return completes with what the server says, see {@link ExportInfo}. Fails with {@link NegotiationRefusedException}
     *     if the server refuses
     */
    NbdFuture<ExportInfo> info();

    /**
     * Asks for the list of exports ({@code NBD_OPT_LIST}).
     *
     * @return completes with the list, maybe empty. Fails with {@link NegotiationRefusedException} if the server refuses
     */
    NbdFuture<List<ExportEntry>> list();

    /**
     * Ends the negotiation politely ({@code NBD_OPT_ABORT}) and closes the connection.
     *
     * @return completes when the connection is closed and the child process, if there is one, was reaped
     */
    NbdFuture<Void> abort();
}
