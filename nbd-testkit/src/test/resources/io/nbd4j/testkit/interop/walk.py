"""Walks libnbd's calls against a server. Arguments: the URI of the default export, and what must have been agreed on.

The server has a writable disk of 64 GiB, empty at first, with the meta contexts base:allocation and x-test:dirty, and a
read-only export with the pattern in which each eight bytes hold their offset.
"""

import errno
import sys

import nbd

uri, agreed = sys.argv[1], sys.argv[2].split(",")
extended = "extended" in agreed
GIB = 1 << 30
SIZE = 64 * GIB
messages = []


def handle():
    h = nbd.NBD()
    h.set_uri_allow_local_file(True)
    h.set_debug(True)
    h.set_debug_callback(lambda context, message: messages.append(message) or 0)
    return h


def expect(actual, expected):
    assert actual == expected, "%r is not %r" % (actual, expected)


def fails(call, number, text):
    """The call fails with an errno, and the server has said why."""
    messages.clear()
    try:
        call()
    except nbd.Error as e:
        expect(e.errno, errno.errorcode[number])
        assert any(text in m for m in messages), messages
        return
    raise AssertionError("no error with " + text)


def options():
    h = handle()
    h.set_opt_mode(True)
    h.connect_uri(uri)
    exports = []
    h.opt_list(lambda name, description: exports.append((name, description)) or 0)
    expect(exports, [("", "a disk"), ("read only", "")])

    h.add_meta_context("base:")
    h.add_meta_context("x-test:")
    contexts = []
    h.opt_list_meta_context(lambda name: contexts.append(name) or 0)
    expect(sorted(contexts), ["base:allocation", "x-test:dirty"])
    h.clear_meta_contexts()

    h.set_export_name("nowhere")
    fails(h.opt_info, errno.ENOENT, "no export has this name")
    fails(h.opt_go, errno.ENOENT, "no export has this name")
    h.set_export_name("read only")
    h.opt_info()
    expect(h.get_size(), 1 << 20)
    assert h.is_read_only()
    h.opt_abort()


def extents(h, count, offset, context):
    found = []

    def callback(name, at, entries, error):
        if name == context:
            # Lists of length, flags, length, flags before 64-bit extents.
            found.extend(entries if extended else zip(entries[::2], entries[1::2]))
        return 0

    if extended:
        h.block_status_64(count, offset, callback)
    else:
        h.block_status(count, offset, callback)
    return [tuple(e) for e in found]


def facts(h):
    expect(h.get_protocol(), "newstyle-fixed")
    assert h.get_structured_replies_negotiated()
    expect(bool(h.get_tls_negotiated()), "tls" in agreed)
    if extended:
        assert h.get_extended_headers_negotiated()
    expect(h.get_size(), SIZE)
    expect(h.is_read_only(), False)
    for fact in ("can_cache", "can_df", "can_fast_zero", "can_flush", "can_fua", "can_multi_conn", "can_trim", "can_zero"):
        assert getattr(h, fact)(), fact
    assert h.can_meta_context("base:allocation")
    assert not h.can_meta_context("x-test:unheard-of")


def reads_and_writes(h):
    h.pwrite(b"NBD!" * 1024, 32768)
    h.pwrite(b"x" * 512, 2 * GIB, nbd.CMD_FLAG_FUA)
    expect(bytes(h.pread(8, 32764)), b"\0\0\0\0NBD!")

    chunks = []
    h.pread_structured(
        65536,
        0,
        lambda buffer, offset, status, error: chunks.append((offset, len(buffer), status)) or 0)
    expect(chunks, [(0, 32768, nbd.READ_HOLE), (32768, 32768, nbd.READ_DATA)])
    chunks.clear()
    h.pread_structured(
        65536,
        0,
        lambda buffer, offset, status, error: chunks.append((offset, len(buffer), status)) or 0,
        nbd.CMD_FLAG_DF)
    expect(chunks, [(0, 65536, nbd.READ_DATA)])

    expect(extents(h, 131072, 0, "base:allocation"), [(32768, 3), (32768, 0), (65536, 3)])
    expect(extents(h, 8192, 0, "x-test:dirty"), [(4096, 1), (4096, 0)])
    expect(len(extents(h, 131072, 32768, "base:allocation")), 2)
    expect(extents_one(h), [(32768, 3)])


def extents_one(h):
    found = []
    h.block_status(
        131072,
        0,
        lambda name, at, entries, error: found.append(tuple(entries[:2])) or 0 if name == "base:allocation" else 0,
        nbd.CMD_FLAG_REQ_ONE)
    return found


def zeroes(h):
    h.zero(4096, 32768)
    expect(bytes(h.pread(4096, 32768)), bytes(4096))
    h.zero(32768, 0, nbd.CMD_FLAG_NO_HOLE)
    expect(extents(h, 65536, 0, "base:allocation"), [(65536, 0)])
    h.zero(65536, 0, nbd.CMD_FLAG_FAST_ZERO)
    expect(extents(h, 65536, 0, "base:allocation"), [(65536, 3)])
    h.pwrite(b"y" * 32768, 65536)
    h.trim(32768, 65536, nbd.CMD_FLAG_FUA)
    expect(extents(h, 65536, 65536, "base:allocation"), [(65536, 3)])
    h.cache(1 << 20, 0)
    h.flush()


def many_at_once(h):
    cookies = [h.aio_pwrite(nbd.Buffer.from_bytearray(bytearray([i] * 4096)), i * 4096) for i in range(64)]
    wait(h, cookies)
    buffers = [nbd.Buffer(4096) for _ in range(64)]
    wait(h, [h.aio_pread(buffers[i], i * 4096) for i in range(64)])
    for i in range(64):
        expect(bytes(buffers[i].to_bytearray()), bytes([i] * 4096))


def wait(h, cookies):
    waiting = set(cookies)
    while waiting:
        done = {c for c in waiting if h.aio_command_completed(c)}
        waiting -= done
        if waiting and not done:
            h.poll(-1)


def errors(h):
    h.set_strict_mode(0)
    fails(lambda: h.pread(1, SIZE), errno.EINVAL, "beyond the end of the export")
    fails(lambda: h.pwrite(b"x", SIZE), errno.ENOSPC, "beyond the end of the export")
    fails(lambda: h.zero(2, SIZE - 1), errno.ENOSPC, "beyond the end of the export")
    fails(lambda: h.trim(2, SIZE - 1), errno.EINVAL, "beyond the end of the export")
    fails(lambda: h.flush(nbd.CMD_FLAG_DF), errno.EINVAL, "a flag that this command does not have")
    expect(bytes(h.pread(4, 4096)), b"\1\1\1\1")  # The connection goes on.


def beyond_32_bits(h):
    h.zero(48 * GIB, 8 * GIB)
    h.trim(48 * GIB, 8 * GIB)
    h.cache(48 * GIB, 8 * GIB)
    h.pwrite(b"z", 40 * GIB)
    found = extents(h, 60 * GIB, 4 * GIB, "base:allocation")
    expect(found, [(36 * GIB, 3), (32768, 0), (24 * GIB - 32768, 3)])


def read_only():
    h = handle()
    h.set_opt_mode(True)
    h.connect_uri(uri)
    h.set_export_name("read only")
    h.opt_go()
    h.set_strict_mode(0)
    expect(bytes(h.pread(16, 4096)), (4096).to_bytes(8, "big") + (4104).to_bytes(8, "big"))
    fails(lambda: h.pwrite(b"x", 0), errno.EPERM, "the export is read-only")
    fails(lambda: h.zero(1, 0), errno.EPERM, "the export is read-only")
    fails(lambda: h.trim(1, 0), errno.EPERM, "the export is read-only")
    h.shutdown()


options()
disk = handle()
disk.add_meta_context("base:allocation")
disk.add_meta_context("x-test:dirty")
disk.connect_uri(uri)
facts(disk)
reads_and_writes(disk)
zeroes(disk)
many_at_once(disk)
errors(disk)
if extended:
    beyond_32_bits(disk)
disk.shutdown()
read_only()
print("done")
