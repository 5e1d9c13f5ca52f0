package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionType;

/**
 * GO or INFO, for which the server wants TLS first.
 *
 * @param option one of the two
 * @param refusal what the server said, which stands if there is no TLS
 */
record Interrupted(OptionType option, Refusal refusal) {}
