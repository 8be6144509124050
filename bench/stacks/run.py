#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the programs of this folder, runs them, and prints what each kind of stack costs, and the bounds that libgreenlet keeps.

The raw numbers (stacks.json) and pictures (depth.svg, live.svg) are written beside the build.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness
import parts
import plot


class Runner:
    """Runs one program of this folder, and keeps what it printed."""

    def __init__(self, folder, quick):
        self.folder, self.quick = folder, quick
        self.processors = os.sched_getaffinity(0)
        self.machine = harness.pin()

    def has(self, name):
        return self.program(name).exists()

    def program(self, name):
        return self.folder / f"bench/stacks/bench_stacks_{name}"

    def run(self, name, *arguments, all_processors=False):
        command = [self.program(name), *map(str, arguments)]
        pinned = os.sched_getaffinity(0)
        if all_processors:
            os.sched_setaffinity(0, self.processors)
        try:
            return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        finally:
            os.sched_setaffinity(0, pinned)

    def timings(self, name, processes, seconds, *arguments):
        """The middle one of several processes: where the system puts program, libraries and memory moves a switch by a cycle or two."""
        runs = [self.run(name, *arguments, seconds / processes) for _ in range(processes)]
        return harness.merge([run["timings"] for run in runs])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=Path, default=harness.ROOT / "build/bench", help="where to build, and to write the results")
    arguments.add_argument("--seconds", type=float, default=80, help="how long to time; making a million greenlets some times comes on top")
    arguments.add_argument("--quick", action="store_true", help="a tenth of the time, and 100,000 greenlets at most: a first look")
    arguments.add_argument("--part", action="append", choices=list(parts.PARTS), help="only this one; may be given again")
    arguments.add_argument("--check", action="store_true", help="fail when a required bound is missed")
    arguments.add_argument("options", nargs="*", help="for CMake, after --, such as -DCMAKE_CXX_COMPILER=clang++")
    given = arguments.parse_args()

    folder = given.build.resolve()
    harness.build(folder, ["bench_stacks"], given.options)
    runner = Runner(folder, given.quick)
    seconds = given.seconds / 10 if given.quick else given.seconds
    verdicts = harness.Verdicts()
    results = {"machine": runner.machine, "load": os.getloadavg()}
    print(f"machine   {runner.machine}; load {results['load'][0]:.2f}")
    print("method    best short round, at 8 code offsets where there is a loop of calls, the middle one of several processes\n")

    for name in given.part or parts.PARTS:
        part = parts.PARTS[name]
        if not runner.has(name):
            print(f"{part.title}\nleft out: it is compared with the bare jump, which there is for x86-64\n")
            continue
        results[name] = part.measure(runner, seconds * part.share)
        print(part.title, part.report(results[name], verdicts), sep="\n", end="\n\n", flush=True)

    print(verdicts)
    (folder / "stacks.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name in ("depth", "live"):
        if results.get(name):
            (folder / f"{name}.svg").write_text(plot.draw(*parts.PARTS[name].picture(results[name], runner.machine)), encoding="utf-8")
    print(f"\nstacks.json and the pictures are in {folder}")
    return 0 if verdicts.all_met or not given.check else 1


if __name__ == "__main__":
    sys.exit(main())
