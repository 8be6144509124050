#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the peers, times them side by side, and prints one table and the bounds that libgreenlet keeps.

The raw numbers (results.json) and a picture (switch.svg) are written beside the build.
"""
import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import chart
import harness

COLUMNS = {
    "switch": "switch",
    "deep": "3 deep",
    "ring": "ring of 100",
    "create": "create+run+end",
    "throw": "throw",
    "hook": "with a hook",
    "call": "gl_current",
}
BARE, KEPT, SHARED = "bare jump", "libgreenlet", "libgreenlet, GL_SHARE_FP"
ORDER = [BARE, SHARED, KEPT, "corosensei", "Boost fcontext", "boost::context::fiber", "ucontext"]

PROCESSES = 8

# What two timings of the same code may differ by in one run: "no dearer" means within this.
NOISE = 1.02


class Bound:
    """A promise about one quotient (or difference) of two timings: required, and where there is one, the goal beyond."""

    def __init__(self, ours, measure, theirs, their_measure, required, goal=None, difference=False):
        self.ours, self.theirs = (ours, measure), (theirs, their_measure)
        self.required, self.goal, self.difference = required, goal, difference

    def value(self, best):
        if self.ours not in best or self.theirs not in best:
            return None
        ours, theirs = best[self.ours], best[self.theirs]
        return ours - theirs if self.difference else ours / theirs

    def __str__(self):
        sign = " - " if self.difference else " / "
        return sign.join(f"{peer}: {COLUMNS[measure]}" for peer, measure in (self.ours, self.theirs))


BOUNDS = [
    Bound(SHARED, "switch", BARE, "switch", 1.40, 1.30),
    Bound(SHARED, "switch", "Boost fcontext", "switch", 0.85),
    Bound(KEPT, "switch", BARE, "switch", 2.25, 2.10),
    Bound(KEPT, "switch", "boost::context::fiber", "switch", 0.95),
    Bound(SHARED, "hook", SHARED, "switch", 6, 3, difference=True),
    Bound(KEPT, "hook", KEPT, "switch", 6, 3, difference=True),
    Bound(KEPT, "create", "corosensei", "create", 1.40, 1.10),
    Bound(KEPT, "call", BARE, "call", NOISE),
]


def build(folder, options):
    """The program, and what had to be left out."""
    notes = []
    archive = ""
    cargo = shutil.which("cargo")
    if cargo:
        target = folder / "cargo"
        command = [cargo, "build", "--release", "--locked", "--quiet", "--target-dir", target, "--manifest-path", harness.BENCH / "corosensei/Cargo.toml"]
        if subprocess.run(command, check=False).returncode == 0:
            archive = target / "release/libbench_corosensei.a"
        else:
            notes.append("corosensei left out: cargo could not build it")
    else:
        notes.append("corosensei left out: there is no cargo")
    harness.build(folder, ["bench_rounds"], [f"-DBENCH_COROSENSEI={archive}", *options])
    return folder / "bench/bench_rounds", notes


def measure(program, seconds):
    """In several processes: where the system puts program and libraries moves a switch by a cycle or two."""
    machine = harness.pin()
    command = [program, str(seconds / PROCESSES)]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(PROCESSES)]
    rounds = sum(run["rounds"] for run in runs)
    return {**runs[0], "timings": harness.merge([run["timings"] for run in runs]), "rounds": rounds, "machine": machine}


def table(results, best):
    """One line a peer: nanoseconds, and in brackets how many bare jumps that is."""
    present = [name for name in ORDER if name in results["peers"]]
    rows = [["nanoseconds (ratio to the bare jump)", *COLUMNS.values()]]
    for name in present:
        row = [f"{name} {results['peers'][name].replace('_', '.')}".strip()]
        for column in COLUMNS:
            nanoseconds, floor = best.get((name, column)), best.get((BARE, column))
            cell = "-" if nanoseconds is None else harness.figure(nanoseconds)
            row.append(cell + (f" ({nanoseconds / floor:.2f})" if nanoseconds and floor else ""))
        rows.append(row)
    return harness.table(rows)


def judge(best):
    verdicts = harness.Verdicts()
    for bound in BOUNDS:
        verdicts.judge(str(bound), bound.value(best), bound.required, bound.goal, " ns" if bound.difference else "")
    return verdicts


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=Path, default=harness.ROOT / "build/bench", help="where to build, and to write the results")
    arguments.add_argument("--seconds", type=float, default=40, help="how long to measure")
    arguments.add_argument("--check", action="store_true", help="fail when a required bound is missed")
    arguments.add_argument("options", nargs="*", help="for CMake, after --, such as -DCMAKE_CXX_COMPILER=clang++")
    given = arguments.parse_args()

    folder = given.build.resolve()
    program, notes = build(folder, given.options)
    results = measure(program, given.seconds)
    best = {(timing["peer"], timing["measure"]): timing["best"] for timing in results["timings"]}
    verdicts = judge(best)

    print(f"machine   {results['machine']}")
    print(f"compiler  {results['compiler']} {results['flags'].strip()}")
    print(f"method    best short round at 8 code offsets, the middle one of {PROCESSES} processes, {results['rounds']} alternating rounds; one transfer, life or call\n")
    print(table(results, best), verdicts, *notes, sep="\n\n")
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    present = [name for name in ORDER if name in results["peers"]]
    (folder / "switch.svg").write_text(chart.draw(present, best, results["machine"]), encoding="utf-8")
    print(f"\nresults.json and switch.svg are in {folder}")
    return 0 if verdicts.all_met or not given.check else 1


if __name__ == "__main__":
    sys.exit(main())
