package io.nbd4j.testkit.internal.fault;

import io.nbd4j.codec.transmission.ChunkType;
import io.nbd4j.testkit.fault.ErrorAfterData;
import io.nbd4j.testkit.fault.UnknownChunk;
import io.nbd4j.testkit.internal.fault.Emission.How;
import io.nbd4j.testkit.transcript.ServerMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Faults of answers that are made of chunks. */
final class ChunkFaults {
    private static final String NO_CHUNKS = "a simple reply has no chunks";
    private static final int SIMPLE_REPLY_LENGTH = 16;

    private ChunkFaults() {}

    static Effect split(int bytes, List<Message> answer) {
        if (!Chunk.areAll(answer)) {
            return Effect.none(answer, NO_CHUNKS);
        }
        List<Chunk> chunks = new ArrayList<>();
        for (Chunk chunk : Chunk.of(answer)) {
            if (!chunk.isData()) {
                chunks.add(chunk);
                continue;
            }
            int length = chunk.dataLength();
            for (int from = 0; from < length; from += Math.min(bytes, length - from)) {
                int to = from + Math.min(bytes, length - from);
                chunks.add(chunk.part(from, to).withDone(chunk.isDone() && to == length));
            }
        }
        return chunks.size() == answer.size()
                ? Effect.none(answer, "no chunk has more than " + bytes + " bytes of data")
                : sending(chunks);
    }

    static Effect merge(List<Message> answer) {
        if (!Chunk.areAll(answer)) {
            return Effect.none(answer, NO_CHUNKS);
        }
        List<Chunk> chunks = new ArrayList<>();
        for (Chunk chunk : Chunk.of(answer)) {
            Chunk before = chunks.isEmpty() ? null : chunks.get(chunks.size() - 1);
            if (before != null && chunk.isData() && before.isData() && follows(before, chunk)) {
                ByteBuffer both = ByteBuffer.allocate(before.payload().length + chunk.dataLength());
                both.put(before.payload()).put(chunk.payload(), Long.BYTES, chunk.dataLength());
                chunks.set(
                        chunks.size() - 1,
                        chunk.sibling(chunk.type(), both.array()).withDone(chunk.isDone()));
            } else {
                chunks.add(chunk);
            }
        }
        return chunks.size() == answer.size()
                ? Effect.none(answer, "no two chunks of data follow each other")
                : sending(chunks);
    }

    private static boolean follows(Chunk before, Chunk chunk) {
        return before.offset() + before.dataLength() == chunk.offset();
    }

    static Effect overlap(List<Message> answer) {
        if (!Chunk.areAll(answer)) {
            return Effect.none(answer, NO_CHUNKS);
        }
        List<Chunk> chunks = new ArrayList<>(Chunk.of(answer));
        for (int i = 0; i < chunks.size(); i++) {
            Chunk chunk = chunks.get(i);
            if (chunk.isContent()) {
                Chunk again = chunk.isData() ? chunk.part(chunk.dataLength() / 2, chunk.dataLength()) : chunk;
                chunks.set(i, chunk.withDone(false));
                chunks.add(i + 1, again.withDone(chunk.isDone()));
                return sending(chunks);
            }
        }
        return Effect.none(answer, "no chunk has content");
    }

    static Effect omit(List<Message> answer) {
        if (!Chunk.areAll(answer)) {
            return Effect.none(answer, NO_CHUNKS);
        }
        List<Chunk> chunks = new ArrayList<>(Chunk.of(answer));
        List<Chunk> contents = chunks.stream().filter(Chunk::isContent).toList();
        if (contents.isEmpty()) {
            return Effect.none(answer, "no chunk has content");
        }
        Chunk last = contents.get(contents.size() - 1);
        int at = chunks.lastIndexOf(last);
        if (contents.size() == 1 && last.isData() && last.dataLength() > 1) {
            chunks.set(at, last.part(0, last.dataLength() / 2));
        } else {
            chunks.remove(at);
        }
        if (last.isDone()) {
            chunks.add(last.end());
        }
        return sending(chunks);
    }

    static Effect errorAfterData(ErrorAfterData fault, List<Message> answer) {
        Message first = answer.get(0);
        if (first.facts() instanceof ServerMessage.SimpleReply reply) {
            if (reply.dataLength() == 0) {
                return Effect.none(answer, "the answer has no data");
            }
            int half = SIMPLE_REPLY_LENGTH + (int) (reply.dataLength() / 2);
            return Effect.of(
                    new Emission.Send(Message.spoilt(Arrays.copyOf(first.bytes(), half))), new Emission.End(How.CLOSE));
        }
        List<Chunk> chunks = new ArrayList<>(Chunk.of(answer));
        if (chunks.stream().noneMatch(Chunk::isContent)) {
            return Effect.none(answer, "no chunk has content");
        }
        Chunk last = chunks.remove(chunks.size() - 1);
        if (last.isContent()) {
            chunks.add(last.withDone(false));
        }
        byte[] message = fault.message().getBytes(StandardCharsets.UTF_8);
        ByteBuffer payload = ByteBuffer.allocate(Integer.BYTES + Short.BYTES + message.length);
        payload.putInt(fault.error()).putShort((short) message.length).put(message);
        chunks.add(last.sibling(ChunkType.ERROR.wire(), payload.array()).withDone(true));
        return sending(chunks);
    }

    static Effect unknown(UnknownChunk fault, List<Message> answer) {
        if (!Chunk.areAll(answer)) {
            return Effect.none(answer, NO_CHUNKS);
        }
        List<Chunk> chunks = new ArrayList<>(Chunk.of(answer));
        chunks.add(0, chunks.get(0).sibling(fault.type(), new byte[fault.length()]));
        return sending(chunks);
    }

    private static Effect sending(List<Chunk> chunks) {
        return Effect.sending(chunks.stream().map(Chunk::message).toList());
    }
}
