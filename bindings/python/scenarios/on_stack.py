#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs scenarios (docs/scenarios.md) on libgreenlet with all greenlets on one kind of stack: on_stack.py private|shared|thread FILE...

The interpreter is the one that the oracle, PyPI's greenlet, uses.
"""

import runpy
import sys
from pathlib import Path

import libgreenlet
import libgreenlet.as_greenlet  # noqa: F401

SCENARIOS = Path(__file__).resolve().parents[3] / "tests" / "scenarios"


def main():
    libgreenlet.set_stack(sys.argv.pop(1))
    sys.path.insert(0, str(SCENARIOS))
    runpy.run_path(str(SCENARIOS / "interpret.py"), run_name="__main__")


if __name__ == "__main__":
    main()
