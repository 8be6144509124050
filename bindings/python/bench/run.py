#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyPI's greenlet and libgreenlet side by side: run.py [--quick] [--stack KIND] [--readme FILE] VERSION=PYTHON=SITE...

Each PYTHON is an interpreter that has greenlet; libgreenlet is in the folder SITE. They take turns, several times, and the best of each counts, so that a busy moment of the machine hits both.
Prints a Markdown table of ratios; --readme puts it into a file, between two marks.
"""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = ("greenlet", "libgreenlet")

# row: what readers call it, required, the goal. Rows of memory are bytes, the others seconds; in all of them more is worse.
ROWS = {
    "switch": ("switch between main and a child", 1.5, 2),
    "siblings_20": ("siblings, below 20 C frames each", 1.2, 1.5),
    "siblings_100": ("siblings, below 100 C frames each", None, None),
    "ring_100": ("a ring of 100, below 20 C frames each", None, None),
    "create": ("create", 1, 1.3),
    "live": ("create, run, end", {"3.9": 1.2, "3.10": 1.2, "": 4}, {"": 6}),
    "throw": ("throw and catch", 3, 10),
    "kill": ("create, start, drop", None, None),
    "getcurrent_": ("getcurrent()", None, None),
    "unstarted": ("memory, unstarted", None, None),
    "waiting": ("memory, waiting", 0.97, None),
}
MARKS = ("<!-- bench: ./dev bench python --readme writes this -->\n", "<!-- /bench -->\n")


def times(python, module, stack, quick):
    """{row: seconds}, the best of one run of rows.py."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        effort = ["--processes", "1" if quick else "3", "--values", "3", "--warmups", "1", "--min-time", "0.02"]
        command = [python, HERE / "rows.py", "--module", module, "--quiet", "--inherit-environ", "PYTHONPATH", *effort, "-o", out]
        subprocess.run(command + (["--stack", stack] if stack and module == "libgreenlet" else []), check=True)
        found = {}
        for benchmark in json.loads(out.read_text())["benchmarks"]:
            values = [value for run in benchmark["runs"] for value in run.get("values", [])]
            found[benchmark["metadata"]["name"]] = min(values)
        return found


def memory(python, module, stack):
    """{row: bytes}"""
    kind = [stack] if stack and module == "libgreenlet" else []
    printed = subprocess.run([python, HERE / "memory.py", module, *kind], check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(zip(("unstarted", "waiting"), map(int, printed.split())))


def measure(python, stack, quick):
    """{module: {row: the best}}"""
    best = {module: {} for module in MODULES}
    for _round in range(1 if quick else 3):
        for module in MODULES:
            for row, value in {**times(python, module, stack, quick), **memory(python, module, stack)}.items():
                best[module][row] = min(value, best[module].get(row, value))
    return best


def for_version(bound, version):
    return bound.get(version, bound[""]) if isinstance(bound, dict) else bound


def cell(row, version, best):
    """`2.10 (460 → 219 ns)`, with a mark when it is less than required."""
    theirs, ours = (best[module][row] for module in MODULES)
    required = for_version(ROWS[row][1], version)
    ratio = theirs / ours
    small = "**" if required and ratio < required else ""
    figures = f"{theirs} → {ours} B" if row in ("unstarted", "waiting") else f"{theirs * 1e9:.0f} → {ours * 1e9:.0f} ns"
    return f"{small}{ratio:.2f}{small} ({figures})"


def bound(value):
    if isinstance(value, dict):
        return ", ".join(f"{number} on {version}" if version else f"{number}" for version, number in value.items())
    return "" if value is None else f"{value}"


def table(results):
    lines = ["| | " + " | ".join(results) + " | required | goal |", "|---" * (len(results) + 3) + "|"]
    for row, (name, required, goal) in ROWS.items():
        cells = [cell(row, version, best) for version, best in results.items()]
        lines.append("| " + " | ".join([name, *cells, bound(required), bound(goal)]) + " |")
    return "\n".join(lines) + "\n"


def machine():
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    system = os.uname()
    return f"{model[1] if model else system.machine}, {os.cpu_count()} cores, {system.sysname} {system.release.split('-')[0]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, for a look")
    parser.add_argument("--stack", choices=["private", "shared", "thread"], help="another than the default, for libgreenlet")
    parser.add_argument("--readme", type=Path, metavar="FILE")
    parser.add_argument("pythons", nargs="+", metavar="VERSION=PYTHON=SITE")
    options = parser.parse_args()
    results = {}
    for version, python, site in (argument.split("=") for argument in options.pythons):
        os.environ["PYTHONPATH"] = site
        print(f"Python {version}", file=sys.stderr, flush=True)
        results[version] = measure(python, options.stack, options.quick)
    text = f"Measured on {datetime.date.today()}, {machine()}:\n\n{table(results)}"
    print(text)
    if options.readme:
        before, rest = options.readme.read_text(encoding="utf-8").split(MARKS[0])
        options.readme.write_text(before + MARKS[0] + text + MARKS[1] + rest.split(MARKS[1])[1], encoding="utf-8")


if __name__ == "__main__":
    main()
