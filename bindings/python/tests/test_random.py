# SPDX-License-Identifier: MIT
"""Random programs do the same on PyPI's greenlet and here, step by step (all rules that both have)."""

import difflib
from pathlib import Path

import pytest
from conftest import Python

PROGRAM = Path(__file__).parent / "random_program.py"
FIRST, COUNT = 1, 25


def steps(printed):
    """Without the addresses of greenlets that would not end."""
    return [line for line in printed.splitlines() if not line.startswith("GreenletExit did not kill")]


@pytest.fixture(scope="module")
def wanted():
    """What PyPI's greenlet does."""
    return steps(Python()(PROGRAM, "greenlet", FIRST, COUNT))


def test_random_programs_do_the_same(python, stack, wanted):
    seen = steps(python(PROGRAM, "libgreenlet", FIRST, COUNT, stack))
    assert len(wanted) > 1_000
    assert seen == wanted, "\n".join(list(difflib.unified_diff(wanted, seen, "PyPI's", "ours", lineterm=""))[:40])
