# SPDX-License-Identifier: MIT
"""What both run.py share: how to build, where it ran, tables and verdicts."""
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent


def build(folder, targets, options):
    configure = ["cmake", "-S", ROOT, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DGREENLET_DEVELOPER=ON", "-DGREENLET_TEST_PLAIN=ON"]
    for command in ([*configure, *options], ["cmake", "--build", folder, "--target", *targets]):
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"{done.stdout}\nthe build failed")


def processor():
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def pin():
    """This process and its children run on one processor from now on; returns a line about the machine."""
    cpu = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    return f"{processor()}, {os.cpu_count()} CPUs, pinned to {cpu}, {platform.system()} {platform.release()} {platform.machine()}"


def has_memory(needed):
    """Whether that many bytes are to be had, and an eighth of all is left for others."""
    sizes = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines())
    total, available = (int(sizes[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
    return needed < available - total / 8


def merge(runs):
    """One list of timings: of each loop the best round of a process, and of those the one in the middle, which no odd layout decides."""
    timings = []
    for others in zip(*runs):
        merged = dict(others[0])
        merged["offsets"] = [min(values) for values in zip(*(timing["offsets"] for timing in others))]
        merged["runs"] = [timing["best"] for timing in others]
        merged["best"] = statistics.median_low(merged["runs"])
        merged["median"] = statistics.median(timing["median"] for timing in others)
        timings.append(merged)
    return timings


def table(rows):
    """Lines of text; the first column to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]) for row in rows)


def figure(value):
    """Nanoseconds, a quotient or the like, as precise as it is worth."""
    return f"{value:.2f}" if isinstance(value, float) and value < 100 else f"{value:.0f}"


class Verdicts:
    """Lines that say of each bound whether it was met: what is required, and where there is one, the goal beyond."""

    def __init__(self):
        self.rows = []
        self.all_met = True

    def judge(self, label, value, required=None, goal=None, unit="", at_least=False):
        """`value` is None where it could not be measured; `required` where there is but a goal."""
        if value is None:
            self.rows.append((label, "not measured here"))
            return
        limits = []
        for name, limit in (("required", required), ("goal", goal)):
            if limit is not None:
                met = value >= limit if at_least else value <= limit
                self.all_met = self.all_met and (met or name == "goal")
                amount = f"{limit:.2f}" if isinstance(limit, float) else f"{limit}"
                limits.append(f"{name} {'>=' if at_least else '<='} {amount} {'met' if met else 'missed'}")
        self.rows.append((label, f"{figure(value):>6}{unit:6}  {', '.join(limits)}"))

    def __str__(self):
        width = max(len(label) for label, _ in self.rows)
        return "\n".join(f"{label:{width}}  {text}" for label, text in self.rows)
