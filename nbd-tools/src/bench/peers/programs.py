"""The programs that load a server: libnbd's, fio, the bound, and this project's client."""

import contextlib
import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from peers.failure import fail

BENCH = Path(__file__).resolve().parents[1]
ROOT = BENCH.parents[2]
BUILT = ROOT / "nbd-tools" / "target" / "bench"
# The server takes no other that the clients prefer.
TLS_CIPHER = "TLS_AES_256_GCM_SHA384"


@dataclass(frozen=True)
class Run:
    """What one program measured once. `p50` is in microseconds; None where it is not measured."""

    iops: float
    bytes_per_second: float
    cpu: float
    p50: float | None

    @property
    def mib_per_second(self):
        return self.bytes_per_second / 2**20

    def to_json(self):
        return asdict(self)


def load_options(case, timing, server):
    """The options that all programs but fio share."""
    options = [f"--rw={case.rw}", f"--bs={case.bs}", f"--iodepth={case.iodepth}", f"--runtime={timing.runtime}",
               f"--warmup={timing.warmup}"]
    return options + (["--fill"] if server.fills_each_run else [])


def run_of_json(text, what, transport=None, cipher=None):
    try:
        figures = json.loads(text)
        if "error" in figures:
            fail(f"{what}: {figures['error']}")
        run = Run(float(figures["iops"]), float(figures["bytes_per_second"]), float(figures["cpu_us_per_io"]),
                  figures.get("latency_us", {}).get("p50"))
        errors, used = figures["errors"], figures["transport"]
    except (ValueError, KeyError, TypeError) as e:
        fail(f"{what}: not the JSON of a load test ({e!r})\n{text[:1000]}")
    if errors != 0 or not (run.iops > 0 and run.cpu > 0):
        fail(f"{what}: {errors} errors, {run.iops} IOPS")
    if transport is not None and used != transport:
        fail(f"{what}: transport {used} instead of {transport}")
    if cipher is not None and figures["tls"].get("cipher") != cipher:
        fail(f"{what}: {figures['tls']} instead of {cipher}")
    return run


def transport_of(case):
    return "tcp" if case.transport == "tls" else case.transport


def output_of(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        fail(f"exit status {result.returncode} from {shlex.join(command)}\n{result.stderr.rstrip()}")
    return result.stdout


def build(name, *libraries):
    source, program = BENCH / f"{name}.c", BUILT / name
    changed = max(file.stat().st_mtime for file in (source, BENCH / "raw_nbd.h"))
    if program.exists() and program.stat().st_mtime >= changed:
        return str(program)
    BUILT.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CC") or shutil.which("cc") or fail("a C compiler is missing (Debian: gcc libc6-dev)")
    command = [*shlex.split(compiler), "-O2", "-Wall", "-Wextra", "-o", str(program), str(source), *libraries]
    if subprocess.run(command).returncode != 0:
        fail(f"{name}.c does not build; libnbd_load.c needs libnbd's headers (Debian: libnbd-dev)")
    return str(program)


def find_jdk(feature):
    """Returns the home of a JDK of that feature version: $JAVA_HOME if it is one, else one in the usual places."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    for parent in ("/usr/lib/jvm", "/opt/java", str(Path.home() / ".sdkman/candidates/java")):
        homes += sorted(Path(parent).glob("*"))
    for home in homes:
        release = home / "release"
        if release.is_file() and (home / "bin" / "java").is_file():
            version = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(errors="replace"), re.MULTILINE)
            if version and int(version.group(1)) == feature:
                return str(home)
    fail(f"JDK {feature} is not installed; set JAVA_HOME to one, or leave its cases out with --only")


class Libnbd:
    name = "libnbd"

    def __init__(self):
        self.program = build("libnbd_load", "-lnbd")

    def run(self, case, timing, server):
        command = [self.program, *load_options(case, timing, server), *server.target]
        # It has no pipes: its child always has a socket pair.
        transport = "socketpair" if case.is_child else transport_of(case)
        return run_of_json(output_of(command), shlex.join(command), transport)

    def fill(self, server):
        """Writes the whole export of a server that listens."""
        output_of([self.program, "--fill", "--runtime=0.01", "--warmup=0", *server.target])


class Raw:
    """What is left to a client that does nothing but move bytes. It knows no TLS."""

    name = "raw"

    def __init__(self):
        self.program = build("raw_load")

    def run(self, case, timing, server):
        options = load_options(case, timing, server)
        if case.transport == "pipe" and case.jdk < 22:
            # Pipes of the kernel's default size are what such a JDK can get: the bound is that of the plain pipe.
            command = [self.program, *[o for o in options if o != "--fill"], "--pipe"]
        else:
            wires = [f"--subprocess-transport={case.transport}"] if case.is_child else []
            command = [self.program, *options, *wires, *server.raw_target]
        return run_of_json(output_of(command), shlex.join(command), transport_of(case))


class Fio:
    """fio with its nbd engine, which is made of libnbd. It takes no URI that names certificates."""

    name = "fio"

    @staticmethod
    def is_there():
        if shutil.which("fio") is None:
            return False
        engines = subprocess.run(["fio", "--enghelp"], capture_output=True, text=True).stdout
        return re.search(r"^\s*nbd\s*$", engines, re.MULTILINE) is not None

    def run(self, case, timing, server):
        command = ["fio", "--name=load", "--ioengine=nbd", f"--uri={server.uri}", f"--rw={case.rw}", f"--bs={case.bs}",
                   f"--iodepth={case.iodepth}", "--time_based", f"--runtime={timing.runtime * 1000:.0f}ms",
                   f"--ramp_time={timing.warmup * 1000:.0f}ms", "--output-format=json"]
        text = output_of(command)
        try:
            job = json.loads(text[text.index("{"):])["jobs"][0]
            side = job["write" if "write" in case.rw else "read"]
            ios, milliseconds = side["total_ios"], side["runtime"]
            cpu = (job["usr_cpu"] + job["sys_cpu"]) / 100 * milliseconds * 1000 / ios
            return Run(side["iops"], side["bw_bytes"], cpu, side["clat_ns"]["percentile"]["50.000000"] / 1000)
        except (ValueError, KeyError, ZeroDivisionError) as e:
            fail(f"not what fio prints ({e!r}) from {shlex.join(command)}\n{text[:1000]}")


class Nbd4j:
    """One JVM for all cases of a JDK, warmed up for each way in which bytes travel."""

    name = "nbd4j"
    # Small requests and large ones take different ways through the client.
    WARM_UP = [["--rw=randrw", f"--bs={bs}", "--iodepth=16", "--runtime=1", "--warmup=0"] for bs in ("4k", "256k")]
    WARM_UP_LIMIT = 12

    def __init__(self, nbd):
        self.nbd = nbd
        self.processes = {}
        self.ways = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            # One that has ended before has closed its end of the pipe.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()

    def run(self, case, timing, server):
        process = self._process(case.jdk)
        where = [f"--subprocess-transport={case.transport}"] if case.is_child else []
        where += [f"--tls-provider={case.engine}"] if case.engine else []
        where += ["--off-loop"] if case.off_loop else []
        where += server.target
        way = (case.jdk, case.transport, case.engine, case.off_loop)
        if way not in self.ways:
            print(f"warming up: {case.transport}, JDK {case.jdk}", file=sys.stderr)
            self.ways.add(way)
            self._warm_up(process, where)
        words = [*load_options(case, timing, server), *where]
        cipher = TLS_CIPHER if case.transport == "tls" else None
        return run_of_json(self._ask(process, words), f"nbd load {shlex.join(words)}", transport_of(case), cipher)

    def _warm_up(self, process, where):
        """Goes on until a request costs no less than before, twice: how long that takes is the machine's.

        The compiler's share is part of what a request costs."""
        least, steady = math.inf, 0
        for _ in range(self.WARM_UP_LIMIT):
            cpu = sum(run_of_json(self._ask(process, [*words, *where]), "the warm-up").cpu for words in self.WARM_UP)
            print(f"  {cpu:.0f} us CPU for a small and a large request", file=sys.stderr)
            steady = steady + 1 if cpu > least * 0.9 else 0
            least = min(least, cpu)
            if steady == 2:
                return

    def _process(self, jdk):
        process = self.processes.get(jdk)
        if process is None:
            process = subprocess.Popen([self.nbd, "load", "--batch"], env={**os.environ, "JAVA_HOME": find_jdk(jdk)},
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.processes[jdk] = process
        return process

    @staticmethod
    def _ask(process, words):
        answer = ""
        # Whoever has ended answers nothing.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(shlex.join(words) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        if not answer:
            fail(f"nbd load --batch ended with exit status {process.wait()}")
        return answer
