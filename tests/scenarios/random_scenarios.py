#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs an interpreter on random scenarios, and compares what it does with what the oracle does.

    random_scenarios.py [--first SEED] [--count N] [--lacks FILE] [--seconds N] -- COMMAND...

Without a first seed they are fresh. A scenario that comes out otherwise is shrunk to the smallest that does, and printed. FILE is
as for check.py; N is how long 500 of them may take (60). Ends with a line "N passed, N failed".
"""

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from check import difference, read_lacks, run
from oracle import setup
from scenario import FOLDER, NEEDS, Malformed, Scenario, load

BATCH = 500
OUTCOMES = {"end", "raise", "exit"}


class Comparison:
    """The oracle, the interpreter and the folder of files that they are given."""

    def __init__(self, command, folder, seconds):
        self.command, self.folder, self.seconds = command, Path(folder), seconds
        self.python = setup()

    def oracle(self, verb, *words):
        # What it says on stderr is of greenlets that would not end, as some are meant to.
        done = subprocess.run([self.python, FOLDER / "compose.py", verb, *map(str, words)], stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{done.stderr}random_scenarios.py: the oracle ended with {done.returncode}")

    def compose(self, first, count, without):
        self.clear()
        self.oracle("write", self.folder, first, count, *without)
        return self.load()

    def judge(self, programs):
        """Scenarios of those programs that the oracle can be asked about."""
        self.clear()
        for number, bodies in enumerate(programs):
            lines = [line for name, steps in bodies.items() for line in [f"body: {name}", *(" ".join(step) for step in steps)]]
            (self.folder / f"candidate_{number}.txt").write_text("\n".join(lines), encoding="utf-8")
        self.oracle("judge", *self.folder.glob("candidate_*"))
        return self.load()

    def clear(self):
        for path in self.folder.iterdir():
            path.unlink()

    def load(self):
        scenarios = [Scenario(path) for path in sorted(self.folder.iterdir())]
        for s in scenarios:
            s.text = s.path.read_text(encoding="utf-8")
        return scenarios

    def failing(self, scenarios):
        """Those that come out otherwise, the smallest first, each with `came`: its events and what went wrong, or None."""
        results = run(self.command, scenarios, self.seconds)
        for s in scenarios:
            s.came = results.get(s.name, ([], "did not run"))
        return sorted((s for s in scenarios if s.came != (s.events, None)), key=size)

    def shrink(self, scenario):
        """The smallest that still comes out otherwise."""
        while True:
            candidates = [s for s in self.judge(reductions(scenario.bodies)) if size(s) < size(scenario)]
            smaller = self.first_failing(sorted(candidates, key=size))
            if not smaller:
                return scenario
            scenario = smaller

    def first_failing(self, scenarios):
        """In small batches: where each one crashes or hangs, that takes its time."""
        for start in range(0, len(scenarios), 8):
            for failing in self.failing(scenarios[start : start + 8]):
                return failing
        return None


def size(scenario):
    """Steps count most, then words."""
    return sum(len(steps) for steps in scenario.bodies.values()), sum(len(words(step)) for steps in scenario.bodies.values() for step in steps)


def words(step):
    return [word for word in step if word != "-"]


def reductions(bodies):
    """Programs that are smaller by some steps in a row, by a call or by a word."""
    for name, steps in bodies.items():
        length = len(steps)
        while length:
            for start in range(0, len(steps), length):
                yield {**bodies, name: steps[:start] + steps[start + length :]}
            length //= 2
        for at, step in enumerate(steps):
            if "call" in step[:2]:
                called = [inner for inner in bodies[step[-1]] if inner[0] not in OUTCOMES]
                yield {**bodies, name: [*steps[:at], *called, *steps[at + 1 :]], step[-1]: []}
            for shorter in shortened(step):
                yield {**bodies, name: [*steps[:at], shorter, *steps[at + 1 :]]}


def shortened(step):
    if step[0] == "try":
        yield step[1:]
    verb = step[step[0] == "try"]
    if verb == "make" and len(step) > 2:
        yield step[:2]
    if verb in {"switch", "throw"} | OUTCOMES and len(words(step)) > 1 + (step[0] == "try") + (verb in ("switch", "throw")):
        yield step[:-1]


def main():
    if "--" not in sys.argv[:-1]:
        sys.exit(__doc__)
    split = sys.argv.index("--")
    parser = argparse.ArgumentParser(usage="random_scenarios.py [OPTION...] -- COMMAND...")
    parser.add_argument("--first", type=int, default=random.SystemRandom().randrange(1_000_000, 1_000_000_000))
    parser.add_argument("--count", type=int, default=BATCH)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--lacks")
    options, command = parser.parse_args(sys.argv[1:split]), sys.argv[split + 1 :]
    try:
        lacks = read_lacks(options.lacks, {s.name for s in load()}) if options.lacks else {}
    except (Malformed, OSError) as fault:
        sys.exit(f"random_scenarios.py: {fault}")
    print(f"seeds from {options.first}", flush=True)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(command, folder, options.seconds)
        for first in range(options.first, options.first + options.count, BATCH):
            count = min(BATCH, options.first + options.count - first)
            scenarios = comparison.compose(first, count, sorted(NEEDS & set(lacks)))
            failing = comparison.failing(scenarios)
            passed += len(scenarios) - len(failing)
            failed += len(failing)
            if failing:
                least = comparison.shrink(failing[0])
                events, fault = least.came
                print(f"FAILED {failing[0].name}{': ' + fault if fault else ''}; shrunk to", least.text, sep="\n\n")
                print("the interpreter against that:", *difference(least, events), sep="\n  ")
                break
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
