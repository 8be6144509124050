#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of random_scenarios.py: interpreters that do wrong are found out, by a small scenario."""

import re
import subprocess
import sys
import tempfile
import unittest

from oracle import setup
from scenario import FOLDER

# The oracle's own interpreter, with a fault.
INTERPRETER = """
import os, sys
sys.path.insert(0, {folder!r})
import interpret
right = interpret.Interpreter.record
def record(self, *words, who=None):
    {fault}
    right(self, *words, who=who)
interpret.Interpreter.record = record
interpret.main()
"""


def compare(fault, *options):
    """The exit status of random_scenarios.py and what it prints."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(INTERPRETER.format(folder=str(FOLDER), fault=fault))
        file.flush()
        command = [sys.executable, FOLDER / "random_scenarios.py", "--first", "1", "--count", "200", *options, "--", setup(), file.name]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120)
        return done.returncode, done.stdout


def steps(printed):
    """The shrunk scenario's steps."""
    program = re.search(r"^body:.*?(?=^events:)", printed, re.DOTALL | re.MULTILINE)[0]
    return [line.split() for line in program.splitlines() if line.startswith("  ")]


class RandomScenarios(unittest.TestCase):
    def test_the_oracle_agrees_with_itself(self):
        status, printed = compare("pass")
        self.assertEqual((status, printed.splitlines()), (0, ["seeds from 1", "200 passed, 0 failed"]))

    def test_a_wrong_event_is_found_and_shrunk(self):
        status, printed = compare("words = ['suspended' if word == 'dead' else word for word in words]")
        self.assertEqual(status, 1)
        self.assertLessEqual(len(steps(printed)), 4)
        self.assertIn(["state", "a"], steps(printed))

    def test_an_interpreter_that_crashes_is_blamed(self):
        status, printed = compare("if words[0] == 'unhandled': os.abort()")
        self.assertEqual(status, 1)
        self.assertRegex(printed, "FAILED random_[0-9]+: the interpreter ended with -6; shrunk to")
        self.assertIn("unhandled", printed)
        self.assertLessEqual(len(steps(printed)), 8)

    def test_what_is_lacked_does_not_occur(self):
        with tempfile.NamedTemporaryFile("w", suffix=".lacks") as lacks:
            lacks.write("last-handle: not here\nkill: nor this\nmisuse: nor this\n")
            lacks.flush()
            status, printed = compare("assert words[0] not in ('unhandled', 'kill') and 'EINVAL' not in words", "--lacks", lacks.name)
        self.assertEqual(status, 0, printed)


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)
