package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.fault.Append;
import io.nbd4j.testkit.fault.Delay;
import io.nbd4j.testkit.fault.ErrorAfterData;
import io.nbd4j.testkit.fault.Fault;
import io.nbd4j.testkit.fault.Hold;
import io.nbd4j.testkit.fault.OversizedLength;
import io.nbd4j.testkit.fault.Reorder;
import io.nbd4j.testkit.fault.SplitChunks;
import io.nbd4j.testkit.fault.Truncate;
import io.nbd4j.testkit.fault.UnknownChunk;
import io.nbd4j.testkit.fault.UnknownInfo;
import io.nbd4j.testkit.fault.UnknownOptionReply;
import io.nbd4j.testkit.fault.WrongLength;
import io.nbd4j.testkit.internal.fault.Emission.How;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What each fault makes of an answer: a pure function of the messages that the server meant to send. */
final class AnswerFaults {
    private AnswerFaults() {}

    /**
     * Returns what happens instead.
     *
     * @param answer all messages of one answer, at least one
     */
    static Effect apply(Fault fault, List<Message> answer) {
        return switch (fault.kind()) {
            case DELAY -> behind(new Emission.Pause(((Delay) fault).by()), answer);
            case HOLD -> behind(new Emission.Await((Hold) fault), answer);
            case REORDER -> behind(new Emission.AwaitAnswers(((Reorder) fault).answers()), answer);
            case SILENCE -> Effect.of();
            case DROP -> Effect.of(new Emission.End(How.CLOSE));
            case RESET -> Effect.of(new Emission.End(How.RESET));
            case HALF_CLOSE -> Effect.of(new Emission.End(How.HALF_CLOSE));
            case TRUNCATE -> truncate(((Truncate) fault).bytes(), answer);
            case DUPLICATE -> duplicate(answer);
            case APPEND -> append(((Append) fault).bytes(), answer);
            case PLAINTEXT_BEHIND_ACK -> HandshakeFaults.plaintext(answer);
            case WRONG_COOKIE -> HeaderFaults.wrongCookie(answer);
            case WRONG_MAGIC -> HeaderFaults.wrongMagic(answer);
            case WRONG_LENGTH -> HeaderFaults.wrongLength(((WrongLength) fault).by(), answer);
            case OVERSIZED_LENGTH -> HeaderFaults.oversizedLength(((OversizedLength) fault).length(), answer);
            case SPLIT_CHUNKS -> ChunkFaults.split(((SplitChunks) fault).bytes(), answer);
            case MERGE_CHUNKS -> ChunkFaults.merge(answer);
            case OVERLAP_CHUNKS -> ChunkFaults.overlap(answer);
            case OMIT_CHUNK -> ChunkFaults.omit(answer);
            case ERROR_AFTER_DATA -> ChunkFaults.errorAfterData((ErrorAfterData) fault, answer);
            case UNKNOWN_CHUNK -> ChunkFaults.unknown((UnknownChunk) fault, answer);
            case UNKNOWN_OPTION_REPLY -> HandshakeFaults.unknownReply((UnknownOptionReply) fault, answer);
            case UNKNOWN_INFO -> HandshakeFaults.unknownInfo((UnknownInfo) fault, answer);
            case REFUSE_OPTION, REFUSE_COMMAND ->
                throw new IllegalArgumentException("what is refused has no answer that could be spoilt");
        };
    }

    private static Effect behind(Emission first, List<Message> answer) {
        List<Emission> emissions = new ArrayList<>();
        emissions.add(first);
        emissions.addAll(Effect.sends(answer));
        return Effect.of(emissions);
    }

    private static Effect truncate(long bytes, List<Message> answer) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        answer.forEach(message -> all.writeBytes(message.bytes()));
        if (bytes >= all.size()) {
            return Effect.none(answer, "the answer has only " + all.size() + " bytes");
        }
        List<Emission> emissions = new ArrayList<>();
        if (bytes > 0) {
            emissions.add(new Emission.Send(Message.spoilt(Arrays.copyOf(all.toByteArray(), (int) bytes))));
        }
        emissions.add(new Emission.End(How.CLOSE));
        return Effect.of(emissions);
    }

    private static Effect duplicate(List<Message> answer) {
        List<Message> twice = new ArrayList<>(answer);
        twice.addAll(answer);
        return Effect.sending(twice);
    }

    private static Effect append(byte[] bytes, List<Message> answer) {
        List<Message> more = new ArrayList<>(answer);
        more.add(Message.spoilt(bytes));
        return Effect.sending(more);
    }
}
