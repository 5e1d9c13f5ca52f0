"""Medians of ratios, and how sure they are."""

import random
from dataclasses import dataclass
from statistics import mean, median

RESAMPLES = 2000
MIN_ROUNDS = 5


@dataclass(frozen=True)
class Ratio:
    """The median of the rounds' ratios with its 95 % interval, by the bootstrap."""

    median: float
    low: float
    high: float
    rounds: int

    def __str__(self):
        # Few rounds have no interval that means anything.
        return f"{self.median:.2f} ({self.low:.2f}–{self.high:.2f})" if self.rounds >= MIN_ROUNDS else f"{self.median:.2f}"


def ratio_of(ratios):
    """Returns the ratio, or None if there is none. The resampling is the same for the same figures."""
    if not ratios:
        return None
    source = random.Random(1)
    medians = sorted(median(source.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    return Ratio(median(ratios), medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)], len(ratios))


def of_rounds(rounds, above, below, figure):
    """Returns the ratio of a figure between two programs. A round in which one of them did not run does not count."""
    return ratio_of([
        mean(figure(run) for run in round[above]) / mean(figure(run) for run in round[below])
        for round in rounds
        if all(round.get(name) and all(figure(run) is not None for run in round[name]) for name in (above, below))
    ])


def against_itself(rounds, name):
    """Returns how the last run of a round compares with its first, of the same program."""
    return ratio_of([round[name][-1].iops / round[name][0].iops for round in rounds if len(round.get(name, ())) > 1])
