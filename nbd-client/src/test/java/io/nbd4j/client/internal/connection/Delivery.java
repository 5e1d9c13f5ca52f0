package io.nbd4j.client.internal.connection;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** How what a server says is cut into segments. */
enum Delivery {
    /** Each message in a segment of its own. */
    MESSAGES,
    /** One byte in each segment. */
    BYTES,
    /** Everything in one segment. */
    TOGETHER;

    List<byte[]> segments(byte[]... messages) {
        if (this == MESSAGES) {
            return List.of(messages);
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            all.writeBytes(message);
        }
        if (this == TOGETHER) {
            return List.of(all.toByteArray());
        }
        List<byte[]> bytes = new ArrayList<>();
        for (byte value : all.toByteArray()) {
            bytes.add(new byte[] {value});
        }
        return bytes;
    }
}
