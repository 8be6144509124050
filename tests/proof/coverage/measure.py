#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which lines of core/ and capi/ the tests run, by gcov. uncovered.txt names the others and says why; every other uncovered line fails.

measure.py           builds, runs the tests, judges
measure.py --judge   judges what is there
measure.py --list    prints the uncovered lines in the form of uncovered.txt
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
FOLDERS = ("core", "capi")
LEAST = 95.0  # per cent of the reachable lines

# Build folder, options of its own, targets, tests. In the second, arch/none.cc stands in for the switch. Not stacks_signals: counting makes its handler
# slower than its timer.
BUILDS = [
    ("coverage", [], "all", "^(capi|cxx|cpp|stacks)_|^proof_(backtrace|dump|recorder|trace)$|^unwinding_running|^fuzz_tree", "^stacks_signals$"),
    ("coverage-host", ["-DGREENLET_HOST_ONLY=ON"], "capi_tests", "^capi_", "^$"),
]

# What a heading of uncovered.txt begins with. Lines that cannot run here do not count; those of the last kind depend on how threads meet.
CANNOT, UNTESTED, CHANCE = "cannot", "untested", "chance"


def run(*command):
    print("+", *command, flush=True)
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode == 0


def build_and_test():
    """Whether the tests pass is for other legs to say: counting changes how long things take."""
    for name, options, target, tests, without in BUILDS:
        build = ROOT / "build" / name
        if not run("cmake", "--preset", "coverage", "-B", build, *options) or not run("cmake", "--build", build, "--target", target):
            sys.exit(f"{name} does not build")
        for old in build.rglob("*.gcda"):
            old.unlink()
        run("ctest", "--test-dir", build, "--parallel", "2", "--no-tests=error", "--progress", "-R", tests, "-E", without)


def counts(build):
    """How often each line of ours ran: {(file, number): count}. Any instantiation and any object that holds a line counts."""
    notes = sorted(build.rglob("*.gcno"))
    if not notes:
        sys.exit(f"{build} has not been built")
    found = collections.Counter()
    gcov = subprocess.run([os.environ.get("GCOV", "gcov"), "--json-format", "--stdout", *notes], cwd=build, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True, encoding="utf-8")
    for document in filter(None, gcov.stdout.splitlines()):
        data = json.loads(document)
        for entry in data["files"]:
            path = pathlib.Path(os.path.normpath(os.path.join(data["current_working_directory"], entry["file"])))
            if ROOT not in path.parents or path.relative_to(ROOT).parts[0] not in FOLDERS:
                continue
            for line in entry["lines"]:
                found[path.relative_to(ROOT).as_posix(), line["line_number"]] += line["count"]
    return found


def read_reasons():
    """{(file, text): [kind, ...]}, an item for each line of that text."""
    listed, kind = collections.defaultdict(list), None
    for number, line in enumerate((HERE / "uncovered.txt").read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            kind, _, reason = line.partition(":")
            if kind not in (CANNOT, UNTESTED, CHANCE) or not reason.strip():
                sys.exit(f"uncovered.txt:{number}: not a heading")
            continue
        file, _, text = line.strip().partition(": ")
        listed[file, text].append(kind)
    return listed


class Judge:
    def __init__(self, found, listed):
        self.passed = self.failed = 0
        self.rows = []
        self.sum = collections.Counter()
        for file in sorted({file for file, _ in found}):
            self.judge_file(file, {number: count for (name, number), count in found.items() if name == file}, listed)
        for file, text in listed:  # of files that do not exist any more
            if not any(file == row[0] for row in self.rows):
                self.fail(file, f"is listed, and not part of the library: {text}")

    def fail(self, file, what):
        self.failed += 1
        print(f"FAILED {file}: {what}")

    def judge_file(self, file, lines, listed):
        source = (ROOT / file).read_text(encoding="utf-8").splitlines()
        uncovered = collections.defaultdict(list)
        for number, count in sorted(lines.items()):
            if not count:
                uncovered[source[number - 1].strip()].append(number)
        kinds = {text: list(of) for (name, text), of in listed.items() if name == file}
        before, sums = self.failed, collections.Counter(lines=len(lines), uncovered=sum(map(len, uncovered.values())))
        for text, numbers in uncovered.items():
            reasons = kinds.pop(text, [])
            for number in numbers[len(reasons):]:
                self.fail(f"{file}:{number}", f"is not covered, and not listed: {text}")
            for kind in reasons[len(numbers):]:
                if kind != CHANCE:
                    self.fail(file, f"is listed more often than it is uncovered: {text}")
            sums[CANNOT] += min(len(numbers), reasons.count(CANNOT))
        for text, reasons in kinds.items():
            if text not in map(str.strip, source):
                self.fail(file, f"is listed, and gone: {text}")
            elif set(reasons) != {CHANCE}:
                self.fail(file, f"is listed, and covered: {text}")
        self.passed += self.failed == before
        self.rows.append((file, sums))
        self.sum += sums

    def report(self):
        print(f"{'file':28} lines  uncovered  of these cannot run  covered of the reachable")
        for file, sums in [*self.rows, ("total", self.sum)]:
            print(f"{file:28} {sums['lines']:5} {sums['uncovered']:10} {sums[CANNOT]:20} {share(sums):25.1f} %")
        if share(self.sum) < LEAST:
            self.fail("total", f"less than {LEAST} % of the reachable lines are covered")
        else:
            self.passed += 1


def share(sums):
    reachable = sums["lines"] - sums[CANNOT]
    return 100.0 * (sums["lines"] - sums["uncovered"]) / reachable if reachable else 100.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, action="append", help="instead of build/coverage and build/coverage-host")
    arguments = parser.parse_args()
    if not (arguments.judge or arguments.list or arguments.build):
        build_and_test()
    found = collections.Counter()
    for build in map(pathlib.Path.resolve, arguments.build or [ROOT / "build" / name for name, *_ in BUILDS]):
        for line, count in counts(build).items():
            found[line] += count
    if arguments.list:
        for (file, number), count in sorted(found.items()):
            if not count:
                print(f"  {file}: {(ROOT / file).read_text(encoding='utf-8').splitlines()[number - 1].strip()}")
        return 0
    judge = Judge(found, read_reasons())
    judge.report()
    print(f"{judge.passed} passed, {judge.failed} failed")
    return judge.failed > 0


if __name__ == "__main__":
    sys.exit(main())
