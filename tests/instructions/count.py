#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions of each operation with callgrind and compares them with pins.json.

More instructions than pinned fail, beyond a small tolerance. Counts depend on the compiler, so pins are kept by CPU and
compiler; where there are none, nothing is judged. `--update` pins what was counted.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PINS = Path(__file__).with_name("pins.json")
TIMES = 1000  # of operations.c
ONE_WAY = 2  # a loop of operations.c goes there and back
TOLERANCE = 0.02


def totals(program):
    """Instructions by what operations.c called them."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        subprocess.run(["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", program], check=True)
        found = {}
        for dump in sorted(Path(folder).glob("out.*")):
            text = dump.read_text(encoding="utf-8")
            name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
            if name and total:
                found[name[1]] = int(total[1])
        return found


def per_operation(found):
    """What an operation takes beyond a call that does nothing, and the loop around it."""
    loop = found.pop("nothing")
    counts = {name: round((total - loop) / TIMES, 1) for name, total in found.items()}
    for name in counts:
        if name.startswith(("switch", "throw")):
            counts[name] = round(counts[name] / ONE_WAY, 1)
    return counts


def judge(counts, pins):
    failed = 0
    for name, count in counts.items():
        pin = pins.get(name)
        if pin is None:
            word, failed = "not pinned: run with --update", failed + 1
        elif count > pin * (1 + TOLERANCE):
            word, failed = f"MORE than the {pin} that are pinned", failed + 1
        elif count < pin * (1 - TOLERANCE):
            word = f"fewer than the {pin} that are pinned: lower the pin with --update"
        else:
            word = f"pinned: {pin}"
        print(f"{name:34} {count:7.1f}  {word}")
    for name in pins.keys() - counts.keys():
        print(f"{name:34} was not counted")
        failed += 1
    return failed


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program", help="tests/instructions/operations, as built")
    arguments.add_argument("key", help="CPU and compiler, such as x86_64-GNU-12")
    arguments.add_argument("--update", action="store_true")
    given = arguments.parse_args()

    pins = json.loads(PINS.read_text(encoding="utf-8")) if PINS.exists() else {}
    if given.key not in pins and not given.update:
        print(f"no pins for {given.key}: skipped")
        return 77
    counts = per_operation(totals(given.program))
    if given.update:
        pins[given.key] = counts
        PINS.write_text(json.dumps(pins, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    failed = judge(counts, pins[given.key])
    print(f"{len(counts) - failed} passed, {failed} failed")
    return 1 if failed or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
