package io.nbd4j.testkit.internal.fault;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.fault.Delay;
import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.fault.FaultRule;
import io.nbd4j.testkit.fault.Hold;
import io.nbd4j.testkit.fault.RefuseCommand;
import io.nbd4j.testkit.fault.RefuseOption;
import io.nbd4j.testkit.fault.Stage;
import io.nbd4j.testkit.internal.fault.Emission.How;
import io.nbd4j.testkit.transcript.ClientMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Hears what the client does, and decides for each message when the server hears it, and if. */
final class ClientSide {
    /** How much is read ahead of an option that has to wait. */
    static final int MAX_PENDING = 1024 * 1024;

    private final ChannelHandlerContext ctx;
    private final FaultPlan plan;
    private final Tap tap;
    private final Conversation conversation;
    private final ClientStream stream;
    private final Outlet outlet;
    private final Performer performer;

    /** What the client has sent and nobody has looked at. */
    private final ByteBuf pending = Unpooled.buffer();
    /** What the server hears next, if anything. */
    private @Nullable ByteBuf forward;
    /** How many bytes of the client's current message are still to come. */
    private long restLeft;
    /** What happens, instead of the server hearing it, once the current message is complete. */
    private @Nullable Runnable instead;

    private boolean waiting;
    private boolean deaf;
    private boolean readWanted;

    ClientSide(
            ChannelHandlerContext ctx,
            FaultPlan plan,
            Tap tap,
            Conversation conversation,
            Outlet outlet,
            Performer performer) {
        this.ctx = ctx;
        this.plan = plan;
        this.tap = tap;
        this.conversation = conversation;
        this.stream = new ClientStream(conversation);
        this.outlet = outlet;
        this.performer = performer;
    }

    void connected() {
        ClientMessage connected = new ClientMessage.Connected();
        tap.client(connected);
        dispatch(connected, ctx::fireChannelActive);
    }

    /** Takes the readable bytes of a buffer, which stays the caller's to release. */
    void take(ByteBuf in) {
        if (!isDeaf()) {
            pending.writeBytes(in);
        }
    }

    /** Returns whether more may be read; if not, it is read later. */
    boolean mayRead() {
        readWanted = waiting && pending.readableBytes() > MAX_PENDING;
        return !readWanted;
    }

    /** The client says no more. */
    void ended() {
        if (!waiting && !isDeaf() && pending.isReadable()) {
            // The start of a message, whose end will never come. The server judges it.
            forward(pending.readableBytes());
            passOn();
        }
    }

    void release() {
        if (deaf && pending.refCnt() == 0) {
            return;
        }
        deaf = true;
        pending.release();
        if (forward != null) {
            forward.release();
            forward = null;
        }
    }

    /** Returns whether nobody cares any more for what the client says. */
    private boolean isDeaf() {
        return deaf || outlet.isClosed();
    }

    /** Goes through what the client has sent, as far as nothing has to wait. */
    void listen() {
        while (!waiting && !isDeaf() && pending.isReadable()) {
            if (restLeft > 0) {
                rest();
                continue;
            }
            ClientStream.Found found = stream.find(pending);
            if (found == null) {
                break;
            }
            hear(found);
        }
        passOn();
        if (pending.refCnt() == 0) {
            return; // The connection has ended meanwhile.
        }
        if (isDeaf()) {
            pending.skipBytes(pending.readableBytes());
        }
        pending.discardSomeReadBytes();
    }

    private void rest() {
        int length = (int) Math.min(restLeft, pending.readableBytes());
        if (instead == null) {
            forward(length);
        } else {
            pending.skipBytes(length);
        }
        restLeft -= length;
        runInsteadIfComplete();
    }

    private void runInsteadIfComplete() {
        if (restLeft == 0 && instead != null) {
            Runnable run = instead;
            instead = null;
            run.run();
        }
    }

    private void hear(ClientStream.Found found) {
        ClientMessage message = found.message();
        restLeft = found.rest();
        tap.client(message);
        byte[] bytes = new byte[found.length()];
        pending.readBytes(bytes);
        if (conversation.isDisconnected()) {
            tap.bytesAfterDisc(bytes.length);
            return;
        }
        boolean starttls = message instanceof ClientMessage.Option option && option.type() == OptionType.STARTTLS;
        if (starttls) {
            tap.plaintextAfterStarttls(pending.readableBytes());
        }
        dispatch(message, () -> {
            forward().writeBytes(bytes);
            if (starttls) {
                startTls();
            }
        });
        if (message instanceof ClientMessage.Request request && request.type() == CommandType.DISC) {
            conversation.disconnect();
        }
    }

    /** Lets the server hear STARTTLS. If it agrees, what the client has sent behind it is the business of TLS. */
    private void startTls() {
        boolean before = conversation.hasTls();
        passOn();
        if (!before && conversation.hasTls() && pending.isReadable()) {
            ByteBuf behind = pending.readBytes(pending.readableBytes());
            ctx.pipeline().fireChannelRead(behind);
            ctx.pipeline().fireChannelReadComplete();
        }
    }

    /**
     * Decides what becomes of something that the client did.
     *
     * @param tell lets the server hear it
     */
    private void dispatch(ClientMessage message, Runnable tell) {
        FaultRule rule = plan.next(message);
        if (rule == null) {
            conversation.asked(Exchange.plain(message));
            tell.run();
            return;
        }
        if (rule.matcher().stage() != Stage.COMMAND) {
            passOn(); // What came before is answered before.
        }
        switch (rule.fault().kind()) {
            case REFUSE_COMMAND ->
                answerInstead(
                        rule,
                        Refusals.command(
                                (ClientMessage.Request) message, conversation.hasStructuredReplies(), (RefuseCommand)
                                        rule.fault()));
            case REFUSE_OPTION ->
                answerInstead(rule, Refusals.option((ClientMessage.Option) message, (RefuseOption) rule.fault()));
            case DELAY, HOLD -> {
                if (rule.matcher().stage() == Stage.COMMAND) {
                    spoil(message, rule, tell);
                } else {
                    defer(message, rule, tell);
                }
            }
            case SILENCE, DROP, RESET, HALF_CLOSE -> {
                if (rule.matcher().stage() == Stage.COMMAND) {
                    spoil(message, rule, tell);
                } else {
                    ignore(rule);
                }
            }
            default -> spoil(message, rule, tell);
        }
    }

    private void answerInstead(FaultRule rule, Message answer) {
        instead = () -> {
            plan.applied(rule);
            performer.perform(rule, List.of(new Emission.Send(answer)));
        };
        runInsteadIfComplete();
    }

    /** The server hears it; its answer is gathered for the fault. */
    private void spoil(ClientMessage message, FaultRule rule, Runnable tell) {
        conversation.asked(Exchange.spoilt(message, rule));
        tell.run();
    }

    /** The server does not hear it. */
    private void ignore(FaultRule rule) {
        plan.applied(rule);
        if (rule.matcher().stage() == Stage.DISCONNECT) {
            ctx.fireChannelReadComplete(); // The replies that the server collects leave first.
        }
        List<Emission> emissions = switch (rule.fault().kind()) {
            case DROP -> List.of(new Emission.End(How.CLOSE));
            case RESET -> List.of(new Emission.End(How.RESET));
            case HALF_CLOSE -> List.of(new Emission.End(How.HALF_CLOSE));
            default -> List.of();
        };
        performer.perform(rule, emissions);
        deaf |= rule.matcher().stage() == Stage.CONNECT;
        instead = () -> {}; // The rest of a large option is ignored, too.
        runInsteadIfComplete();
    }

    /** The server hears it, and all that follows, later. */
    private void defer(ClientMessage message, FaultRule rule, Runnable tell) {
        plan.applied(rule);
        waiting = true;
        Runnable resume = () -> {
            waiting = false;
            conversation.asked(Exchange.marked(message, rule));
            tell.run();
            listen();
            ctx.fireChannelReadComplete();
            if (readWanted) {
                readWanted = false;
                ctx.read();
            }
        };
        if (rule.fault() instanceof Hold hold) {
            performer.when(hold.await(), resume);
        } else {
            performer.after(((Delay) rule.fault()).by(), resume);
        }
    }

    private ByteBuf forward() {
        if (forward == null) {
            forward = Unpooled.buffer();
        }
        return forward;
    }

    private void forward(int length) {
        forward().writeBytes(pending, length);
    }

    /** Lets the server hear what it may hear. */
    private void passOn() {
        if (forward != null) {
            ByteBuf heard = forward;
            forward = null;
            ctx.fireChannelRead(heard);
        }
    }
}
