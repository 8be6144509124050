#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs tests of the installed gevent, whose binary wheel was compiled with PyPI's greenlet, on libgreenlet: run_gevent.py [NAME...]

The shim must be on PYTHONPATH. Some of these tests measure time, so one that fails on a busy machine gets another chance. Ends with a line "N passed,
N failed, N skipped".
"""

import re
import subprocess
import sys

import gevent.hub
import greenlet

import libgreenlet

NAMES = ["real_greenlet", "greenlet", "greenletset", "queue", "pool", "event", "local", "hub", "semaphore", "util"]
SECONDS = 300


def run(name):
    """Runs one module. Returns its output, and how many tests passed, failed and were skipped."""
    command = [sys.executable, "-m", f"gevent.tests.test__{name}"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as late:
        return f"{late.stdout}\nno end within {SECONDS} seconds", (0, 1, 0)
    ran = re.search(r"^Ran (\d+) tests?", done.stdout, re.MULTILINE)
    total = int(ran[1]) if ran else 0
    skipped = sum(map(int, re.findall(r"\bskipped=(\d+)", done.stdout)))
    failed = sum(map(int, re.findall(r"\b(?:failures|errors)=(\d+)", done.stdout)))
    if not failed and (done.returncode or not total):
        failed = 1
    return done.stdout, (max(total - failed - skipped, 0), failed, skipped)


def main():
    if greenlet.greenlet is not libgreenlet.greenlet or not issubclass(gevent.hub.Hub, libgreenlet.greenlet):
        sys.exit(f"gevent uses another greenlet: {greenlet.__file__}")
    totals = [0, 0, 0]
    for name in sys.argv[1:] or NAMES:
        for _attempt in range(3):
            output, counts = run(name)
            if not counts[1]:
                break
            print(output)
        print(f"gevent.tests.test__{name}: {counts[0]} pass, {counts[1]} fail, {counts[2]} are skipped", flush=True)
        totals = [total + count for total, count in zip(totals, counts)]
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
