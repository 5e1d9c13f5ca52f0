package io.nbd4j.codec.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.transmission.ReplyListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes down what a listener hears, and checks that it hears it in an order that makes sense.
 *
 * <p>A simple reply without error is one to a read if its cookie is 77, as in the golden vectors, with 5 bytes, or 78,
 * with 300. Cookie bad was never sent.
 */
final class ReplyRecord implements ReplyListener {
    private static final long READ = 0x77;
    private static final long LONG_READ = 0x78;
    private static final long NEVER_SENT = 0xbad;

    private final List<String> lines = new ArrayList<>();
    private final StringBuilder payload = new StringBuilder();
    private long payloadLeft;
    private boolean payloadOwed;
    private boolean inStatus;
    private boolean violated;

    /** Returns what was heard, with how it ended. */
    List<String> lines(boolean betweenReplies) {
        List<String> all = new ArrayList<>(lines);
        if (payloadOwed) {
            all.add("unfinished " + payload);
        }
        all.add(violated ? "violated" : betweenReplies ? "between replies" : "inside of a reply");
        return all;
    }

    long payloadLeft() {
        return violated ? 0 : payloadLeft;
    }

    void violated() {
        assertThat(violated).as("violated before").isFalse();
        violated = true;
    }

    private void line(long cookie, String line) {
        assertThat(violated).as("something behind a violation").isFalse();
        assertThat(payloadOwed).as("something else than payload").isFalse();
        inStatus = false;
        lines.add(line);
        if (cookie == NEVER_SENT) {
            throw new ProtocolViolationException("a cookie that was never sent");
        }
    }

    private void oweData(long length) {
        payload.setLength(0);
        payloadLeft = length;
        payloadOwed = true;
    }

    @Override
    public int simpleReply(long cookie, int error) {
        line(cookie, "simple %x %d".formatted(cookie, error));
        int length = error != 0 ? 0 : cookie == READ ? 5 : cookie == LONG_READ ? 300 : 0;
        if (length > 0) {
            oweData(length);
        }
        return length;
    }

    @Override
    public void extendedChunk(long cookie, long requestOffset) {
        line(cookie, "extended %x %x".formatted(cookie, requestOffset));
    }

    @Override
    public void data(long cookie, long offset, long length) {
        assertThat(length).isBetween(1L, 0xffff_ffffL);
        line(cookie, "data %x %x %d".formatted(cookie, offset, length));
        oweData(length);
    }

    @Override
    public void payload(ByteBuf in, int length) {
        assertThat(payloadOwed).isTrue();
        assertThat((long) length).isBetween(1L, payloadLeft);
        assertThat(length).isLessThanOrEqualTo(in.readableBytes());
        payload.append(ByteBufUtil.hexDump(in, in.readerIndex(), length));
        payloadLeft -= length;
    }

    @Override
    public void payloadEnd() {
        assertThat(payloadOwed).isTrue();
        assertThat(payloadLeft).isZero();
        payloadOwed = false;
        lines.add("payload " + payload);
    }

    @Override
    public void hole(long cookie, long offset, long length) {
        assertThat(length).isPositive();
        line(cookie, "hole %x %x %d".formatted(cookie, offset, length));
    }

    @Override
    public void blockStatus(long cookie, int contextId) {
        line(cookie, "status %x %d".formatted(cookie, contextId));
        inStatus = true;
    }

    @Override
    public void extent(long length, long statusFlags) {
        assertThat(inStatus).isTrue();
        assertThat(length).isPositive();
        line(0, "extent %d %d".formatted(length, statusFlags));
        inStatus = true;
    }

    @Override
    public void error(long cookie, int error, long errorOffset, String message) {
        assertThat(message.length()).isLessThanOrEqualTo(ProtocolLimits.MAX_STRING);
        line(cookie, "error %x %d %d [%s]".formatted(cookie, error, errorOffset, message));
    }

    @Override
    public void done(long cookie) {
        line(cookie, "done %x".formatted(cookie));
    }
}
