package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.internal.fault.Emission.How;
import io.nbd4j.testkit.transcript.ServerMessage;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Hears what the server means to say: lets it through, or gathers an answer for a fault. */
final class ServerSide implements ServerStream.Listener {
    /** The most bytes of answers that faults keep back on one connection. Beyond, it is closed. */
    static final long MAX_WAITING = 256L * 1024 * 1024;

    private final FaultPlan plan;
    private final Tap tap;
    private final Conversation conversation;
    private final Outlet outlet;
    private final Performer performer;
    private final long maxWaiting;

    private ServerMessage message = new ServerMessage.Nothing();
    private @Nullable Exchange exchange;
    /** The message that is being gathered, {@code null} if it is let through. */
    private byte @Nullable [] gathered;

    private int length;

    ServerSide(
            FaultPlan plan, Tap tap, Conversation conversation, Outlet outlet, Performer performer, long maxWaiting) {
        this.plan = plan;
        this.tap = tap;
        this.conversation = conversation;
        this.outlet = outlet;
        this.performer = performer;
        this.maxWaiting = maxWaiting;
    }

    @Override
    public void begin(ServerMessage begun, byte[] header, long payloadLength) {
        message = begun;
        exchange = conversation.exchange(begun);
        if (exchange != null && exchange.isSpoilt() && isWithinBounds(exchange, header.length + payloadLength)) {
            gathered = Arrays.copyOf(header, header.length + (int) payloadLength);
            length = header.length;
        } else {
            gathered = null;
            outlet.begin();
            outlet.append(header);
            if (!outlet.isClosed()) {
                tap.server(begun, exchange == null ? null : exchange.rule());
            }
        }
    }

    private boolean isWithinBounds(Exchange spoilt, long more) {
        long sum = performer.waitingBytes() + more;
        for (Message before : spoilt.answer()) {
            sum += before.bytes().length;
        }
        if (sum > maxWaiting) {
            plan.inapplicable(
                    Objects.requireNonNull(spoilt.rule()), "more than " + maxWaiting + " bytes of answers would wait");
            tap.serverEnds(spoilt.rule());
            outlet.end(How.CLOSE);
            return false;
        }
        return true;
    }

    @Override
    public void payload(ByteBuf payload, int bytes) {
        if (gathered == null) {
            outlet.append(payload, bytes);
        } else {
            payload.getBytes(payload.readerIndex(), gathered, length, bytes);
            length += bytes;
        }
    }

    @Override
    public void end() {
        boolean complete = conversation.said(message);
        if (gathered == null) {
            outlet.end();
            if (complete && isReply()) {
                performer.answerLeft();
            }
        } else {
            Exchange spoilt = Objects.requireNonNull(exchange);
            spoilt.answer().add(new Message(message, gathered));
            gathered = null;
            if (complete) {
                performer.spoil(Objects.requireNonNull(spoilt.rule()), spoilt.answer());
            }
        }
        performer.atBoundary();
    }

    private boolean isReply() {
        return message instanceof ServerMessage.SimpleReply || message instanceof ServerMessage.Chunk;
    }
}
