#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check.py PROGRAM: perf's call chains of busy.c, by frame pointers and by DWARF, lead from burn() to the beginning of the greenlet."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHAIN = ["burn", "burn_and_wait", "busy", "gl_arch_enter"]


def run(*command):
    return subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def chains(program, mode, folder):
    """None: perf may not look here."""
    data = folder / mode
    recorded = run("perf", "record", "-e", "cpu-clock", "-F", "997", "--call-graph", mode, "-o", data, program)
    if recorded.returncode:
        print(recorded.stdout)
        return None
    script = run("perf", "script", "-i", data, "-F", "ip,sym").stdout
    return [[line.split(None, 1)[1] for line in sample.splitlines() if " " in line.strip()] for sample in script.split("\n\n") if sample.strip()]


def main():
    if not shutil.which("perf"):
        print("skipped: there is no perf")
        sys.exit(77)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for mode in ("fp", "dwarf"):
            found = chains(sys.argv[1], mode, Path(folder))
            if found is None:
                print("skipped: perf may not look here")
                sys.exit(77)
            burning = [[symbol.partition("+")[0].replace(" (inlined)", "") for symbol in chain] for chain in found if chain and chain[0].startswith("burn")]
            whole = [chain for chain in burning if chain == CHAIN]
            print(f"{mode}: {len(burning)} samples of burn(), {len(whole)} with {' < '.join(CHAIN)}")
            # Frame pointers are not there yet at a function's first and last instructions.
            if len(burning) > 50 and len(whole) > 0.95 * len(burning):
                passed += 1
            else:
                failed += 1
                print(*(chain for chain in burning if chain != CHAIN), sep="\n")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
