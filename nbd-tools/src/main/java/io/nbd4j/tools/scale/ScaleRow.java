package io.nbd4j.tools.scale;

/** What came of one number of connections. */
sealed interface ScaleRow {
    int connections();

    /**
     * It was measured.
     *
     * @param idle what all connections together take while nothing happens
     * @param loadedDirect bytes of direct memory that the process has reserved at most while they are read from
     * @param buffers bytes of them that the test itself provides for what is read
     * @param cpuMicros CPU time of the whole client for each request, in microseconds
     */
    record Measured(int connections, Memory idle, long loadedDirect, long buffers, double iops, double cpuMicros)
            implements ScaleRow {
        double heapPerConnection() {
            return (double) idle.heap() / connections;
        }

        double directPerConnection() {
            return (double) idle.directInUse() / connections;
        }
    }

    /** It could not be: this machine has no room for it. */
    record LeftOut(int connections, String reason) implements ScaleRow {}

    /** It was tried, and failed. */
    record Failed(int connections, String reason) implements ScaleRow {}
}
