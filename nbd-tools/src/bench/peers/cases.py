"""What is measured: cases, and the sets of them that `compare` offers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """What a case has to reach against libnbd, or `raw`. `cpu` and `p50` are upper bounds of those ratios."""

    ratio: float
    cpu: float | None = None
    p50: float | None = None
    against: str = "libnbd"

    def __str__(self):
        parts = [f"≥ {self.ratio}" + ("" if self.against == "libnbd" else f" of {self.against}")]
        if self.cpu is not None:
            parts.append(f"CPU ≤ {self.cpu}")
        if self.p50 is not None:
            parts.append(f"p50 ≤ {self.p50}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Case:
    """One row. `transport` is socketpair or pipe (the server is a child), unix, tcp, or tls (on TCP). With `off_loop` a thread
    of its own issues the requests of nbd4j and is woken up by each end, as a caller that blocks is; libnbd has one thread.
    """

    rw: str
    bs: str
    iodepth: int
    transport: str
    jdk: int = 25
    server: str = "memory"
    engine: str | None = None
    goal: Goal | None = None
    off_loop: bool = False

    @property
    def name(self):
        parts = [self.rw, self.bs, str(self.iodepth), self.transport]
        parts += [part for part in (self.engine,) if part]
        parts += [self.server] if self.server != "memory" else []
        parts += ["off-loop"] if self.off_loop else []
        return "-".join([*parts, str(self.jdk)])

    def __str__(self):
        server = "" if self.server == "memory" else f", {self.server}"
        engine = f" ({self.engine})" if self.engine else ""
        caller = ", off the event loop" if self.off_loop else ""
        return f"{self.rw} {self.bs} × {self.iodepth}, {self.transport}{engine}{server}{caller}, JDK {self.jdk}"

    @property
    def block_size(self):
        units = {"k": 1024, "m": 1024 * 1024}
        return int(self.bs[:-1]) * units[self.bs[-1]] if self.bs[-1] in units else int(self.bs)

    @property
    def is_child(self):
        return self.transport in ("socketpair", "pipe")


@dataclass(frozen=True)
class CaseSet:
    """Cases that are measured together, and how, unless the command line says otherwise."""

    description: str
    cases: tuple[Case, ...]
    rounds: int
    runtime: float
    warmup: float
    raw_rounds: int
    fio_rounds: int
    rounds_without_goal: int = 5


def subprocess_cases():
    return (
        Case("randread", "4k", 64, "socketpair"),
        Case("randwrite", "4k", 64, "socketpair"),
        Case("randread", "4k", 1, "socketpair"),
        Case("read", "256k", 16, "socketpair"),
        Case("write", "256k", 16, "socketpair"),
        Case("randread", "4k", 64, "pipe", jdk=17),
    )


def goal_cases():
    small_read, small_write = Goal(2.0, cpu=0.7), Goal(1.2, cpu=0.9)
    large, largest = Goal(1.1, cpu=1.2), Goal(1.05)
    for transport in ("socketpair", "unix", "tcp"):
        for iodepth in (16, 64, 256):
            yield Case("randread", "4k", iodepth, transport, goal=small_read)
        for iodepth in (16, 64, 256):
            yield Case("randwrite", "4k", iodepth, transport, goal=small_write)
        yield Case("randread", "4k", 1, transport, goal=Goal(1.1, p50=1.0))
        for bs in ("64k", "256k"):
            for rw in ("read", "write"):
                yield Case(rw, bs, 16, transport, goal=large)
        for rw in ("read", "write"):
            yield Case(rw, "1m", 8, transport, goal=largest)
    for transport in ("socketpair", "unix", "tcp"):
        yield Case("randread", "4k", 1, transport, off_loop=True)
    for iodepth in (16, 64, 256):
        yield Case("randread", "4k", iodepth, "pipe", goal=small_read)
    yield Case("randwrite", "4k", 64, "pipe", goal=small_write)
    # Where nbdkit's memory plugin may be the limit: one that stores nothing, and this project's own server.
    for server in ("null", "serve"):
        yield Case("randread", "4k", 64, "unix", server=server, goal=small_read)
        yield Case("randwrite", "4k", 64, "unix", server=server, goal=small_write)
    for engine in ("openssl", "jdk"):
        yield Case("read", "256k", 16, "tls", engine=engine, goal=Goal(1.0) if engine == "openssl" else None)
        yield Case("randread", "4k", 64, "tls", engine=engine)
    # Here raw is a pipe of the same size without NBD.
    yield Case("read", "256k", 16, "pipe", jdk=17, goal=Goal(0.9, against="raw"))


def matrix_cases():
    for transport in ("socketpair", "unix", "tcp", "tls"):
        engine = "openssl" if transport == "tls" else None
        for bs in ("512", "4k", "64k", "256k", "1m"):
            for iodepth in (1, 4, 16, 64, 256):
                for rw in ("randread", "randwrite"):
                    yield Case(rw, bs, iodepth, transport, engine=engine)


SETS = {
    "subprocess": CaseSet(
        "six cases of a server that is a child",
        subprocess_cases(), rounds=5, runtime=5, warmup=3, raw_rounds=0, fio_rounds=0,
    ),
    "goals": CaseSet(
        "the cases that have a goal, with raw beside each; under 40 minutes",
        tuple(goal_cases()), rounds=15, runtime=0.2, warmup=0.05, raw_rounds=5, fio_rounds=2,
    ),
    "matrix": CaseSet(
        "five block sizes × five depths × read and write × four transports; an hour, so see --part and --results",
        tuple(matrix_cases()), rounds=5, runtime=0.25, warmup=0.1, raw_rounds=0, fio_rounds=2,
    ),
}
