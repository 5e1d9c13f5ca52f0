"""Pictures of the matrix: IOPS over depth, and bytes per second over block size."""

import sys
from pathlib import Path

from peers.failure import fail

PROGRAMS = {"libnbd": ("tab:gray", "o"), "nbd4j": ("tab:blue", "s"), "fio": ("tab:orange", "^")}


def draw(rows, directory):
    """Writes one SVG for each transport and returns their paths."""
    try:
        import matplotlib
    except ImportError:
        fail(f"--plot needs matplotlib for {sys.executable} (Debian: python3-matplotlib, for /usr/bin/python3)")
    matplotlib.use("svg")
    # The same figures give the same file.
    matplotlib.rcParams["svg.hashsalt"] = "nbd4j"
    # Text stays text: smaller, and it can be searched for.
    matplotlib.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    Path(directory).mkdir(parents=True, exist_ok=True)
    paths = []
    for transport in dict.fromkeys(row.case.transport for row in rows):
        of_transport = [row for row in rows if row.case.transport == transport]
        figure, axes = pyplot.subplots(2, 2, figsize=(11, 8), layout="constrained")
        figure.suptitle(f"{transport}: median of each program")
        for column, writes in enumerate((False, True)):
            side = [row for row in of_transport if ("write" in row.case.rw) == writes]
            kind = "writes" if writes else "reads"
            by_depth = [row for row in side if row.case.block_size == 4096]
            curves(axes[0][column], by_depth, lambda row: row.case.iodepth, lambda run: run.iops)
            label(axes[0][column], f"4 KiB {kind}", "in flight", "IOPS")
            by_size = [row for row in side if row.case.iodepth == 16]
            curves(axes[1][column], by_size, lambda row: row.case.block_size / 1024, lambda run: run.mib_per_second)
            label(axes[1][column], f"{kind}, 16 in flight", "KiB per request", "MiB/s")
        path = Path(directory) / f"performance-{transport}.svg"
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
        paths.append(path)
    return paths


def curves(axes, rows, x, figure):
    for program, (color, marker) in PROGRAMS.items():
        points = sorted((x(row), row.median_of(program, figure)) for row in rows
                        if row.median_of(program, figure) is not None)
        if points:
            axes.plot(*zip(*points), label=program, color=color, marker=marker)


def label(axes, title, x, y):
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_xscale("log", base=2)
    axes.set_ylim(bottom=0)
    if axes.lines:
        ticks = sorted(set(axes.lines[0].get_xdata()))
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.legend()
