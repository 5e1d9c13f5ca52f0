package io.nbd4j.codec.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.transmission.RequestDecoder;
import io.nbd4j.codec.transmission.RequestListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes down what a listener hears, and checks that it hears it in an order that makes sense. */
final class RequestRecord implements RequestListener {
    private final int pause;
    private final int discard;
    private final List<String> lines = new ArrayList<>();
    private final StringBuilder payload = new StringBuilder();
    private @Nullable RequestDecoder decoder;
    private int requests;
    private long payloadLeft;
    private boolean violated;
    private boolean discarding;

    /**
     * Creates a listener.
     *
     * @param pause every how many requests it pauses the decoder, 0 for never
     * @param discard behind how many requests it discards the rest, 0 for never
     */
    RequestRecord(int pause, int discard) {
        this.pause = pause;
        this.discard = discard;
    }

    void listenTo(RequestDecoder source) {
        decoder = source;
    }

    /** Returns what was heard, with how it ended. */
    List<String> lines(boolean betweenRequests) {
        List<String> all = new ArrayList<>(lines);
        if (payload.length() > 0) {
            all.add("unfinished " + payload);
        }
        all.add(violated ? "violated" : discarding ? "discarded" : betweenRequests ? "between requests" : "inside");
        return all;
    }

    void violated() {
        assertThat(violated || discarding).as("violated behind the end").isFalse();
        violated = true;
    }

    private RequestDecoder decoder() {
        if (decoder == null) {
            throw new IllegalStateException("listens to nothing");
        }
        return decoder;
    }

    @Override
    public void request(int flags, CommandType type, int rawType, long cookie, long offset, long length) {
        assertThat(violated || discarding).as("a request behind the end").isFalse();
        assertThat(payloadLeft).as("a request instead of payload").isZero();
        assertThat(CommandType.fromWire(rawType)).isEqualTo(type);
        requests++;
        lines.add("%04x %s %x %x %x".formatted(flags, type, cookie, offset, length));
        payloadLeft = decoder().payloadLeft();
        if (payloadLeft == 0) {
            complete();
        }
    }

    @Override
    public void payload(ByteBuf in, int length, boolean last) {
        assertThat(violated || discarding).as("payload behind the end").isFalse();
        assertThat((long) length).isBetween(1L, payloadLeft);
        assertThat(length).isLessThanOrEqualTo(in.readableBytes());
        payload.append(ByteBufUtil.hexDump(in, in.readerIndex(), length));
        payloadLeft -= length;
        assertThat(last).isEqualTo(payloadLeft == 0);
        if (last) {
            lines.add("payload " + payload);
            payload.setLength(0);
            complete();
        }
    }

    private void complete() {
        if (requests == discard) {
            discarding = true;
            decoder().discard();
        } else if (pause > 0 && requests % pause == 0) {
            decoder().pause();
        }
    }
}
