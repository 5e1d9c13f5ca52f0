package io.nbd4j.client.internal.connection;

import io.nbd4j.client.NbdException;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Makes the pieces of a split command. They are entries of the in-flight table that nobody holds as futures. */
final class Piece {
    private Piece() {}

    /** Returns the piece that is {@code length} bytes from {@code start} of {@code whole} on. */
    static Command<?> of(Command<?> whole, Split split, long start, long length) {
        long offset = whole.offset + start;
        if (whole instanceof ChunkRead chunks) {
            return new Chunks(chunks, split, offset, (int) length);
        }
        if (whole instanceof ReadCommand<?> read) {
            return new Read(read, split, offset, (int) start, (int) length);
        }
        if (whole instanceof WriteCommand write) {
            return new Write(write, split, offset, (int) start, (int) length);
        }
        return new Plain(whole, split, offset, length);
    }

    private static ByteBuf held(@Nullable ByteBuf buffer) {
        if (buffer == null) {
            throw new IllegalStateException("the whole has let go of its buffer");
        }
        return buffer.retain();
    }

    private static final class Read extends ReadCommand<@Nullable Void> {
        private final Split split;

        Read(ReadCommand<?> whole, Split split, long offset, int start, int length) {
            super(whole.connection, whole.flags, offset, length);
            this.split = split;
            this.destination = held(whole.destination);
            this.index = whole.index + start;
        }

        @Override
        void deliver() {
            throw new AssertionError("a piece has no caller");
        }

        @Override
        void end() {
            releaseBuffers();
            split.pieceEnded(this, null);
        }

        @Override
        void end(NbdException failure) {
            releaseBuffers();
            split.pieceEnded(this, failure);
        }
    }

    private static final class Chunks extends ChunkRead {
        private final Split split;

        Chunks(ChunkRead whole, Split split, long offset, int length) {
            super(whole, offset, length);
            this.split = split;
        }

        @Override
        void end() {
            releaseBuffers();
            split.pieceEnded(this, null);
        }

        @Override
        void end(NbdException failure) {
            releaseBuffers();
            split.pieceEnded(this, failure);
        }
    }

    private static final class Write extends WriteCommand {
        private final Split split;

        Write(WriteCommand whole, Split split, long offset, int start, int length) {
            super(whole.connection, whole.flags, offset, held(whole.data), whole.index + start, length);
            this.split = split;
        }

        @Override
        void deliver() {
            throw new AssertionError("a piece has no caller");
        }

        @Override
        void end() {
            releaseBuffers();
            split.pieceEnded(this, null);
        }

        @Override
        void end(NbdException failure) {
            releaseBuffers();
            split.pieceEnded(this, failure);
        }
    }

    private static final class Plain extends Command<@Nullable Void> {
        private final Split split;

        Plain(Command<?> whole, Split split, long offset, long length) {
            super(whole.connection, whole.type, whole.flags, offset, length);
            this.split = split;
        }

        @Override
        long payloadLength() {
            return 0;
        }

        @Override
        void releaseBuffers() {
            // It has none.
        }

        @Override
        void deliver() {
            throw new AssertionError("a piece has no caller");
        }

        @Override
        void detach(Runnable ending) {
            ending.run();
        }

        @Override
        void end() {
            split.pieceEnded(this, null);
        }

        @Override
        void end(NbdException failure) {
            split.pieceEnded(this, failure);
        }
    }
}
