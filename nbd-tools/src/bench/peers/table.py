"""The Markdown table of what was measured."""

from statistics import median

from peers.ratios import against_itself, of_rounds

# A goal up to here asks for no loss: then noise, which goes down to 0.95, does not count against it.
MODEST_GOAL = 1.1
LOWEST_OF_INTERVAL = 0.95


class Row:
    """What the rounds of a case come to."""

    def __init__(self, case, rounds):
        self.case = case
        self.rounds = rounds
        self.iops = of_rounds(rounds, "nbd4j", "libnbd", lambda run: run.iops)
        self.cpu = of_rounds(rounds, "nbd4j", "libnbd", lambda run: run.cpu)
        self.p50 = of_rounds(rounds, "nbd4j", "libnbd", lambda run: run.p50)
        self.bound = of_rounds(rounds, "raw", "libnbd", lambda run: run.iops)
        self.of_bound = of_rounds(rounds, "nbd4j", "raw", lambda run: run.iops)
        self.fio = of_rounds(rounds, "nbd4j", "fio", lambda run: run.iops)
        self.itself = against_itself(rounds, "libnbd")

    def median_of(self, program, figure):
        runs = [figure(run) for round in self.rounds for run in round.get(program, ())]
        return median(runs) if runs else None

    def meets_goal(self):
        """Returns whether the goal is met; None if there is none."""
        goal = self.case.goal
        if goal is None:
            return None
        reached = self.iops if goal.against == "libnbd" else self.of_bound
        modest = goal.against == "libnbd" and goal.ratio <= MODEST_GOAL
        fast = reached.median >= goal.ratio or (modest and reached.low >= LOWEST_OF_INTERVAL)
        cheap = goal.cpu is None or self.cpu.median <= goal.cpu
        quick = goal.p50 is None or self.p50.median <= goal.p50
        return fast and cheap and quick


def text_of(value):
    return "–" if value is None else str(value)


def emphasized(ratio):
    median, *interval = str(ratio).split(" ")
    return " ".join([f"**{median}**", *interval])


def volume(row, program):
    """IOPS for small requests, MiB/s for large ones."""
    if row.case.block_size <= 4096:
        value = row.median_of(program, lambda run: run.iops)
        return "–" if value is None else f"{value:,.0f}"
    value = row.median_of(program, lambda run: run.mib_per_second)
    return "–" if value is None else f"{value:,.0f} MiB/s"


def table(rows):
    columns = ["case", "libnbd", "nbd4j", "nbd4j / libnbd", "CPU", "p50", "libnbd / itself"]
    optional = [
        ("raw", "raw / libnbd", lambda row: text_of(row.bound)),
        ("raw", "nbd4j / raw", lambda row: text_of(row.of_bound)),
        ("fio", "nbd4j / fio", lambda row: text_of(row.fio)),
    ]
    shown = [(title, cell) for program, title, cell in optional
             if any(round.get(program) for row in rows for round in row.rounds)]
    has_goals = any(row.case.goal for row in rows)
    columns += [title for title, _ in shown] + (["goal", "met"] if has_goals else [])
    lines = [columns, ["---"] * len(columns)]
    for row in rows:
        cells = [str(row.case), volume(row, "libnbd"), volume(row, "nbd4j"), emphasized(row.iops),
                 text_of(row.cpu), "–" if row.p50 is None else f"{row.p50.median:.2f}", text_of(row.itself)]
        cells += [cell(row) for _, cell in shown]
        if has_goals:
            cells += [text_of(row.case.goal), {None: "–", True: "yes", False: "no"}[row.meets_goal()]]
        lines.append(cells)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
