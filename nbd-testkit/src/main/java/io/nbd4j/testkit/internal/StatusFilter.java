package io.nbd4j.testkit.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gathers the payload of a block status request: the length of the range, and which contexts the client wants. */
final class StatusFilter {
    private static final int LENGTH = 8;

    private final List<ServedContext> agreed;
    private final int maxLength;
    private ByteBuf payload = Unpooled.EMPTY_BUFFER;
    private boolean tooLong;

    StatusFilter(List<ServedContext> agreed) {
        this.agreed = agreed;
        this.maxLength = LENGTH + Integer.BYTES * agreed.size();
    }

    /** What a filter says. */
    record Selection(long length, List<ServedContext> contexts) {}

    /** Begins to gather. No more is kept than a filter can need. */
    void start() {
        payload = Unpooled.buffer(maxLength, maxLength);
        tooLong = false;
    }

    /** Takes the next bytes, which stay the caller's. */
    void add(ByteBuf in, int length) {
        if (length > payload.writableBytes()) {
            tooLong = true;
        } else {
            payload.writeBytes(in, in.readerIndex(), length);
        }
    }

    /** Returns what the whole payload says, {@code null} if it is none of the specification's. */
    @Nullable
    Selection end() {
        int ids = payload.readableBytes() - LENGTH;
        if (tooLong || ids <= 0 || ids % Integer.BYTES != 0) {
            return null;
        }
        long length = payload.readLong();
        List<ServedContext> selected = new ArrayList<>();
        while (payload.isReadable()) {
            ServedContext context = find(payload.readInt());
            if (context == null || selected.contains(context)) {
                return null;
            }
            selected.add(context);
        }
        return new Selection(length, selected);
    }

    private @Nullable ServedContext find(int id) {
        for (ServedContext context : agreed) {
            if (context.id() == id) {
                return context;
            }
        }
        return null;
    }
}
