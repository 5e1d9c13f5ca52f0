"""The servers that are loaded: a child for each run, or one that listens while a case is measured."""

import os
import shlex
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from peers.failure import fail

EXPORT_SIZE = "1G"
# What the TLS server takes: GnuTLS clients would rather have AES-256, the others AES-128. All are to do the same work.
GNUTLS = "gnutls.conf"
# To write 1 GiB for each child may take ten times as long as to measure it, where a virtual machine's page faults are slow.
# glibc takes huge pages if it is asked to, if all memory is of one arena, and if that grows by more than a page at a time.
# Set by env(1), so that it is the server's alone: a client would hand its own environment down.
HUGE_PAGES = ["env", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:glibc.malloc.top_pad=67108864"]


class ChildServer:
    """Each run starts its own, and fills it."""

    def __init__(self, command):
        self.target = ["[", *command, "]"]
        self.raw_target = self.target
        self.uri = None
        self.fills_each_run = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class ListeningServer:
    """Listens from the start of a case to its end. Filled once."""

    def __init__(self, command, uri, raw_target, environment=None):
        self.command = command
        self.environment = {**os.environ, **(environment or {})}
        self.uri = uri
        self.target = [uri]
        self.raw_target = raw_target
        self.fills_each_run = False

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, env=self.environment)
        deadline = time.monotonic() + 30
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                fail(f"the server does not listen: {shlex.join(self.command)}\n{self.process.stderr.read()}")
            time.sleep(0.02)
        return self

    def _listens(self):
        target = self.raw_target[0]
        if "/" in target:
            probe, address = socket.socket(socket.AF_UNIX), target
        else:
            host, port = target.rsplit(":", 1)
            probe, address = socket.socket(), (host, int(port))
        with probe:
            return probe.connect_ex(address) == 0

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


class Servers:
    """Makes the server of a case. Sockets and certificates live in a directory of their own until the end."""

    def __init__(self, nbd, child_command):
        self.nbd = nbd
        self.child_command = child_command

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="nbd4j-bench-")
        self.directory = Path(self._directory.name)
        self._numbers = 0
        self._certificates = None
        return self

    def __exit__(self, *_):
        self._directory.cleanup()

    def of(self, case):
        if case.is_child:
            command = shlex.split(self.child_command) if case.server == "memory" else ["nbdkit", "-s", case.server, EXPORT_SIZE]
            return ChildServer([*HUGE_PAGES, *command])
        if case.transport == "unix":
            path = self._new_path()
            return ListeningServer(self._unix_command(case.server, path), f"nbd+unix:///?socket={path}", [path])
        port = free_port()
        plugin = [case.server, EXPORT_SIZE]
        if case.transport == "tcp":
            command = [*HUGE_PAGES, "nbdkit", "-f", "-i", "127.0.0.1", "-p", str(port), *plugin]
            return ListeningServer(command, f"nbd://127.0.0.1:{port}", [f"127.0.0.1:{port}"])
        certificates = self._certificate_directory()
        command = [*HUGE_PAGES, "nbdkit", "-f", "-i", "127.0.0.1", "-p", str(port), "--tls=require",
                   f"--tls-certificates={certificates}", *plugin]
        uri = f"nbds://localhost:{port}/?tls-certificates={certificates}"
        return ListeningServer(command, uri, [f"127.0.0.1:{port}"], {"GNUTLS_SYSTEM_PRIORITY_FILE": str(certificates / GNUTLS)})

    def _unix_command(self, server, path):
        if server == "serve":
            return [self.nbd, "serve", "--memory", EXPORT_SIZE, "--unix", path]
        return [*HUGE_PAGES, "nbdkit", "-f", "-U", path, server, EXPORT_SIZE]

    def _new_path(self):
        self._numbers += 1
        return str(self.directory / f"socket{self._numbers}")

    def _certificate_directory(self):
        """An authority and a certificate of localhost, in libnbd's layout, made once."""
        if self._certificates is None:
            directory = self.directory / "tls"
            directory.mkdir()
            make_certificates(directory)
            (directory / GNUTLS).write_text("[overrides]\ntls-disabled-cipher = aes-128-gcm\n")
            self._certificates = directory
        return self._certificates


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificates(directory):
    (directory / "server.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for command in (
        ["req", "-x509", *key, "-keyout", "ca-key.pem", "-out", "ca-cert.pem", "-days", "2", "-subj", "/CN=nbd4j bench CA"],
        ["req", *key, "-keyout", "server-key.pem", "-out", "server.csr", "-subj", "/CN=localhost"],
        ["x509", "-req", "-in", "server.csr", "-CA", "ca-cert.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
         "-out", "server-cert.pem", "-days", "2", "-extfile", "server.ext"],
    ):
        result = subprocess.run(["openssl", *command], cwd=directory, capture_output=True, text=True)
        if result.returncode != 0:
            fail(f"openssl {command[0]}: {result.stderr}")
