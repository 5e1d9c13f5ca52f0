package io.nbd4j.client;

import java.util.List;

/**
 * The pause in the handshake that {@link NbdClientBuilder#optionMode} asks for: the server waits for an option.
 *
 * <p>Options go one at a time: while one is outstanding, another is refused with an {@link InvalidRequestException}, and
 * so is any option in another state than {@link ConnectionState#NEGOTIATING}. Nothing is sent then, and nothing that is
 * under way is disturbed. Each option has the handshake timeout for itself.
 *
 * <p>An option that the server refuses fails with {@link NegotiationRefusedException}, which tells the server's reason and
 * words, or gives {@code false}; the handle stays NEGOTIATING. After ERR_SHUTDOWN it is DEAD.
 *
 * <p>Against a server that does not speak the fixed newstyle handshake only {@link #go()} and {@link #abort()} work; the
 * others fail with an {@link InvalidRequestException} (ENOTSUP), and nothing is sent.
 *
 * <p>What can be set here can be set at any time, on any thread, and holds for the options that are asked for from then on;
 * before connecting, for the connection.
 */
public interface Negotiation {
    // ---- What is wanted

    /**
     * Sets the name of the export that the options are about; at first it is the builder's.
     *
     * @param name at most 4096 bytes of UTF-8 without NUL; another is refused when it is used. Empty is the default export
     * @return this
     */
    Negotiation exportName(String name);

    /** Returns the name of the export that the options are about. */
    String exportName();

    /**
     * Sets the meta contexts that are wanted; at first they are those of {@link NbdClientBuilder#metaContexts}.
     *
     * @param names each at most 4096 bytes of UTF-8 without NUL; another is refused when it is used
     * @return this
     */
    Negotiation metaContexts(List<String> names);

    /** Returns the meta contexts that are wanted. */
    List<String> metaContexts();

    /**
     * Sets whether {@link #go()} and {@link #info()} have the wanted meta contexts selected first; at first as in
     * {@link NbdClientBuilder#requestMetaContexts}.
     *
     * @return this
     */
    Negotiation requestMetaContexts(boolean requestMetaContexts);

    /**
     * Sets whether {@link #go()} and {@link #info()} ask for the size constraints; at first as in
     * {@link NbdClientBuilder#requestBlockSize}.
     *
     * @return this
     */
    Negotiation requestBlockSize(boolean requestBlockSize);

    /**
     * Sets whether {@link #go()} and {@link #info()} ask for the canonical name and the description; at first as in
     * {@link NbdClientBuilder#fullInfo}.
     *
     * @return this
     */
    Negotiation fullInfo(boolean fullInfo);

    // ---- What is agreed

    /**
     * Returns what is agreed so far. It changes with each option, and stays readable when the negotiation is over.
     *
     * @throws IllegalStateException if the handle never was NEGOTIATING or READY
     */
    NegotiationStatus status();

    // ---- The options

    /**
     * Starts TLS ({@code NBD_OPT_STARTTLS}), with the options of the builder, whatever its mode.
     *
     * <p>The server forgets all that was agreed before, and so does this: structured replies, extended headers and meta
     * contexts are to be asked for again.
     *
     * @return completes with true when TLS is up; with false if the server refuses, or if TLS was up already. Fails with
     *     {@link NbdTlsException} if the TLS options can't be used, which changes nothing, or if the server agrees and then
     *     TLS fails: there is no way back to clear text, and the handle is DEAD
     */
    NbdFuture<Boolean> startTls();

    /**
     * Asks for structured replies ({@code NBD_OPT_STRUCTURED_REPLY}), which the handshake has done by itself unless the
     * builder says otherwise.
     *
     * @return completes with whether the server agrees now. Some refuse to be asked twice: {@link #status()} tells what is in
     *     force, which a refusal does not change
     */
    NbdFuture<Boolean> structuredReplies();

    /**
     * Asks for extended headers ({@code NBD_OPT_EXTENDED_HEADERS}). They bring structured replies along.
     *
     * @return completes with whether the server agrees now, as with {@link #structuredReplies()}
     */
    NbdFuture<Boolean> extendedHeaders();

    /**
     * Asks which meta contexts the export has ({@code NBD_OPT_LIST_META_CONTEXT}), with the wanted ones as queries; all of
     * them if none is wanted. What is selected stays selected.
     *
     * @return completes with the names that match, maybe none. Fails with {@link NegotiationRefusedException} if the server
     *     refuses
     */
    NbdFuture<List<String>> listMetaContexts();

    /**
     * Asks which meta contexts the export has, see {@link #listMetaContexts()}.
     *
     * @param queries names, or what the namespace makes of them, such as {@code base:}; each at most 4096 bytes of UTF-8
     *     without NUL. An empty array asks for all
     */
    NbdFuture<List<String>> listMetaContexts(String... queries);

    /**
     * Selects the wanted meta contexts ({@code NBD_OPT_SET_META_CONTEXT}), instead of any that were selected before, also if
     * the server refuses. Needs structured replies or extended headers; that is for the server to refuse.
     *
     * <p>The selection holds for the export of this name. It is forgotten behind a {@link #go()} or {@link #info()} that is
     * refused, or is about another export; and both make one of their own, unless none is wanted or
     * {@link #requestMetaContexts} is off.
     *
     * @return completes with what the server has selected, maybe less than was wanted, maybe nothing. Fails with
     *     {@link NegotiationRefusedException} if the server refuses
     */
    NbdFuture<List<MetaContext>> setMetaContexts();

    /**
     * Selects meta contexts, see {@link #setMetaContexts()}.
     *
     * @param queries full names; each at most 4096 bytes of UTF-8 without NUL. An empty array selects nothing
     */
    NbdFuture<List<MetaContext>> setMetaContexts(String... queries);

    /**
     * Enters the transmission phase ({@code NBD_OPT_GO}, or {@code NBD_OPT_EXPORT_NAME} for a server that does not know
     * it), after {@code NBD_OPT_SET_META_CONTEXT} if there is something to select.
     *
     * @return completes with the client, which is READY. Fails with {@link NegotiationRefusedException} if the server
     *     refuses; the handle stays NEGOTIATING, and another name can be tried
     */
    NbdFuture<NbdClient> go();

    /**
     * Asks about the export without entering the transmission phase ({@code NBD_OPT_INFO}), after
     * {@code NBD_OPT_SET_META_CONTEXT} if there is something to select.
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
