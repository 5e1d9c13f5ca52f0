package io.nbd4j.testkit.internal.fault;

import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.transcript.ClientMessage;
import io.nbd4j.testkit.transcript.ServerMessage;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How far a connection has come: what has been agreed on, and which questions the server has not answered yet. */
final class Conversation {
    private final ArrayDeque<Exchange> options = new ArrayDeque<>();
    private final Map<Long, ArrayDeque<Exchange>> commands = new HashMap<>();

    private @Nullable Exchange connect;
    private boolean greeted;
    private boolean flagsReceived;
    private boolean noZeroesOffered;
    private boolean noZeroesAccepted;
    private boolean transmission;
    private boolean structuredReplies;
    private boolean tls;
    private boolean disconnected;

    boolean isGreeted() {
        return greeted;
    }

    /** Returns whether the client's next message is its flags. */
    boolean awaitsFlags() {
        return !flagsReceived && !transmission;
    }

    /** Returns whether the server has said that transmission begins. The client may have asked for that long before. */
    boolean isTransmission() {
        return transmission;
    }

    boolean hasStructuredReplies() {
        return structuredReplies;
    }

    boolean hasTls() {
        return tls;
    }

    /** Returns whether the client has said DISC. */
    boolean isDisconnected() {
        return disconnected;
    }

    /** Returns how long the answer to EXPORT_NAME is. */
    int exportNameAnswerLength() {
        return noZeroesOffered && noZeroesAccepted ? 10 : 134;
    }

    /** Returns the option that the server has to answer next. */
    @Nullable
    Exchange nextOption() {
        return options.peekFirst();
    }

    /** Returns the oldest request with a cookie that is not answered yet. */
    @Nullable
    Exchange command(long cookie) {
        ArrayDeque<Exchange> same = commands.get(cookie);
        return same == null ? null : same.peekFirst();
    }

    /** Returns what the server has been asked by whatever leads to its message. */
    @Nullable
    Exchange exchange(ServerMessage message) {
        if (message instanceof ServerMessage.SimpleReply reply) {
            return command(reply.cookie());
        }
        if (message instanceof ServerMessage.Chunk chunk) {
            return command(chunk.cookie());
        }
        return message instanceof ServerMessage.Greeting ? connect : nextOption();
    }

    /** The server is about to hear this. */
    void asked(Exchange exchange) {
        ClientMessage message = exchange.message();
        if (message instanceof ClientMessage.Connected) {
            connect = exchange;
        } else if (message instanceof ClientMessage.Flags flags) {
            flagsReceived = true;
            noZeroesAccepted = (flags.bits() & ClientFlags.NO_ZEROES) != 0;
        } else if (message instanceof ClientMessage.Option) {
            options.addLast(exchange);
        } else if (message instanceof ClientMessage.Request request) {
            commands.computeIfAbsent(request.cookie(), cookie -> new ArrayDeque<>(1))
                    .addLast(exchange);
        }
    }

    void disconnect() {
        disconnected = true;
    }

    /** The server has said all of this. Returns whether its answer is complete. */
    boolean said(ServerMessage message) {
        if (message instanceof ServerMessage.Greeting greeting) {
            greeted = true;
            connect = null;
            transmission = greeting.oldstyle();
            noZeroesOffered = !greeting.oldstyle() && (greeting.flags() & HandshakeFlags.NO_ZEROES) != 0;
            return true;
        }
        if (message instanceof ServerMessage.OptionReply reply) {
            return reply.isFinal() && optionAnswered(reply);
        }
        if (message instanceof ServerMessage.ExportNameAnswer) {
            options.pollFirst();
            transmission = true;
            return true;
        }
        if (message instanceof ServerMessage.SimpleReply reply) {
            commandAnswered(reply.cookie());
            return true;
        }
        if (message instanceof ServerMessage.Chunk chunk && chunk.isDone()) {
            commandAnswered(chunk.cookie());
            return true;
        }
        return false;
    }

    private boolean optionAnswered(ServerMessage.OptionReply reply) {
        options.pollFirst();
        if (reply.type() == OptionReplyType.ACK) {
            switch (OptionType.fromWire(reply.option())) {
                case GO -> transmission = true;
                case STRUCTURED_REPLY -> structuredReplies = true;
                case STARTTLS -> {
                    tls = true;
                    structuredReplies = false;
                }
                default -> {
                    // Nothing that matters here.
                }
            }
        }
        return true;
    }

    private void commandAnswered(long cookie) {
        ArrayDeque<Exchange> same = commands.get(cookie);
        if (same != null) {
            same.pollFirst();
            if (same.isEmpty()) {
                commands.remove(cookie);
            }
        }
    }
}
