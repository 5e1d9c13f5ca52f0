"""What was measured so far, in a file with one JSON object for each round, so that a run can be taken up again."""

import json
from pathlib import Path

from peers.failure import fail
from peers.programs import Run


class Results:
    """The rounds of one commit with one timing. They are appended as they end."""

    def __init__(self, path, context):
        self.path = Path(path)
        self.context = context
        self.rounds = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            for number, line in enumerate(self.path.read_text().splitlines(), 1):
                self._take(line, number)

    def _take(self, line, number):
        try:
            entry = json.loads(line)
            context, case = entry["context"], entry["case"]
            round = {name: [Run(**run) for run in runs] for name, runs in entry["runs"].items()}
        except (ValueError, KeyError, TypeError) as e:
            fail(f"{self.path}, line {number}: not a round ({e!r}); remove the line, or the file")
        if context != self.context:
            fail(f"{self.path} was measured as {context}, not as {self.context}: name another with --results, or remove it")
        self.rounds.setdefault(case, []).append(round)

    def of(self, case):
        return self.rounds.get(case.name, [])

    def add(self, case, round):
        entry = {"context": self.context, "case": case.name,
                 "runs": {name: [run.to_json() for run in runs] for name, runs in round.items()}}
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        self.rounds.setdefault(case.name, []).append(round)
