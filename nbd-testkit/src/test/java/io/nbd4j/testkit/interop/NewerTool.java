package io.nbd4j.testkit.interop;

/** The programs that {@code src/test/scripts/newer-servers} unpacks, relative to the directory in which tests run. */
final class NewerTool {
    static final String NBDINFO = "target/newer-servers/bin/nbdinfo";
    static final String NBDCOPY = "target/newer-servers/bin/nbdcopy";
    static final String QEMU_IMG = "target/newer-servers/bin/qemu-img";
    static final String QEMU_IO = "target/newer-servers/bin/qemu-io";
    static final String PYTHON = "target/newer-servers/bin/python3";

    /** How to get them. */
    static final String HINT = "run nbd-testkit/src/test/scripts/newer-servers";

    private NewerTool() {}
}
