package io.nbd4j.client;

/**
 * Hears the chunks of a read as they arrive, see {@link NbdDevice#preadChunks}.
 *
 * <p>It is called on the event loop of the connection, also where the builder names an executor for completions, and must
 * not block. It may issue new commands, and cancel the read.
 *
 * <p>The buffer of a {@link ReadChunk.Data} is borrowed: it is released when the listener returns. Who wants it for longer
 * calls {@code retain()}, and {@code release()} when done. It holds nothing but this chunk, so keeping it costs no more memory
 * than its bytes; and nobody else uses it, so its indices and its content may be changed.
 */
@FunctionalInterface
public interface ReadChunkListener {
    /**
     * Takes a chunk. What it throws fails the read, which then ends with just that; the connection goes on, and so do the
     * other chunks of this read.
     */
    void chunk(ReadChunk chunk);
}
