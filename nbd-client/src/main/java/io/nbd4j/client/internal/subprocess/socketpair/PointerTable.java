package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.internal.subprocess.ProcessText;
import io.netty.channel.unix.Buffer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * A null-terminated table of strings, as {@code argv} and {@code environ} are.
 *
 * @param existing addresses of strings that are somewhere already
 * @param added strings to be copied beside the table
 */
record PointerTable(List<Long> existing, List<byte[]> added) {
    /** Returns the table of {@code arguments}. */
    static PointerTable ofArguments(List<String> arguments) {
        return new PointerTable(List.of(), encode(arguments));
    }

    /**
     * Returns the environment of this process with {@code additions}, which replace what has the same name.
     *
     * <p>What stays is handed on by address: a value need not be text, and {@link System#getenv()} would change bytes
     * that are none.
     */
    static PointerTable ofEnvironment(Libc libc, Map<String, String> additions) {
        List<byte[]> replaced = encode(additions.keySet());
        List<Long> kept = new ArrayList<>();
        long table = pointerAt(libc.environ());
        // An empty environment may have no table at all.
        for (long at = table; table != 0 && pointerAt(at) != 0; at += Long.BYTES) {
            long variable = pointerAt(at);
            if (replaced.stream().noneMatch(name -> isNamed(libc, variable, name))) {
                kept.add(variable);
            }
        }
        List<String> added = new ArrayList<>();
        additions.forEach((name, value) -> added.add(name + '=' + value));
        return new PointerTable(kept, encode(added));
    }

    /** Returns what {@link #writeTo} takes of a block. */
    int size() {
        return added.stream()
                .mapToInt(NativeBlock::sizeOf)
                .reduce(NativeBlock.sizeOf((existing.size() + added.size() + 1) * Long.BYTES), Math::addExact);
    }

    /** Writes the table and returns its address. */
    long writeTo(NativeBlock block) {
        long table = block.take((existing.size() + added.size() + 1) * Long.BYTES);
        long at = table;
        for (long pointer : existing) {
            block.putLong(at, pointer);
            at += Long.BYTES;
        }
        for (byte[] string : added) {
            block.putLong(at, block.takeString(string));
            at += Long.BYTES;
        }
        return table;
    }

    private static List<byte[]> encode(Collection<String> strings) {
        return strings.stream().map(ProcessText::encode).toList();
    }

    private static boolean isNamed(Libc libc, long variable, byte[] name) {
        if (libc.strlen(variable) <= name.length) {
            return false;
        }
        byte[] start = new byte[name.length + 1];
        Buffer.wrapMemoryAddress(variable, start.length).get(start);
        return start[name.length] == '=' && Arrays.equals(start, 0, name.length, name, 0, name.length);
    }

    private static long pointerAt(long address) {
        ByteBuffer pointer = Buffer.wrapMemoryAddressWithNativeOrder(address, Long.BYTES);
        return pointer.getLong(0);
    }
}
