#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of check.py: interpreters that do wrong must not pass."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from scenario import FOLDER, Malformed, Scenario, load

# Plays by the book, but for what {fault} does in front of the scenario `states_over_a_life`.
INTERPRETER = """
import os, sys
sys.path.insert(0, {folder!r})
from scenario import Scenario
for path in sys.argv[1:]:
    scenario = Scenario(path)
    print("scenario", scenario.name, flush=True)
    if scenario.name == "states_over_a_life":
        {fault}
    print("\\n".join(scenario.events), flush=True)
"""
NAMES = ["a_cycle_is_refused", "kill_unwinds_a_child", "states_over_a_life", "two_greenlets"]


def check(fault, *options, names=NAMES):
    """The exit status of check.py and the lines that it prints."""
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write(INTERPRETER.format(folder=str(FOLDER), fault=fault))
    try:
        command = [sys.executable, str(FOLDER / "check.py"), *options, *names, "--", sys.executable, file.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.splitlines() + done.stderr.splitlines()
    finally:
        os.unlink(file.name)


def check_lacking(lacks, fault="pass", names=NAMES):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "lacks")
        with open(path, "w") as file:
            file.write(lacks)
        return check(fault, "--lacks", path, names=names)


class Checker(unittest.TestCase):
    def test_all_as_expected(self):
        self.assertEqual(check("pass"), (0, ["4 passed, 0 failed"]))

    def test_wrong_event(self):
        status, lines = check('print("main say hello")')
        self.assertEqual((status, lines[0], lines[-1]), (1, "FAILED states_over_a_life", "3 passed, 1 failed"))
        self.assertIn("  +main say hello", lines)

    def test_crash_costs_one_scenario(self):
        status, lines = check("os.abort()")
        self.assertEqual((status, lines[-1]), (1, "3 passed, 1 failed"))
        self.assertRegex(lines[0], "^FAILED states_over_a_life: the interpreter ended with ")

    def test_hang_costs_one_scenario(self):
        status, lines = check("import time; time.sleep(60)", "--seconds", "2")
        self.assertEqual((status, lines[-1]), (1, "3 passed, 1 failed"))
        self.assertEqual(lines[0], "FAILED states_over_a_life: no end within 2 seconds")

    def test_leaving_early_is_not_running(self):
        status, lines = check("sys.exit(0)")
        self.assertEqual((status, lines[-1]), (1, "2 passed, 2 failed"))
        self.assertIn("FAILED two_greenlets: did not run", lines)

    def test_what_is_lacked_is_skipped(self):
        status, lines = check_lacking("# why\nkill: not here\nstates_over_a_life: nor this\n", "os.abort()")
        self.assertEqual((status, lines[-1]), (0, "2 passed, 0 failed, 2 skipped"))
        self.assertIn("skipped kill_unwinds_a_child: kill: not here", lines)

    def test_what_passes_is_not_lacked(self):
        status, lines = check_lacking("two_greenlets: once upon a time\n")
        self.assertEqual((status, lines[-1]), (1, "3 passed, 1 failed"))
        self.assertIn("FAILED two_greenlets: passes, so it is not lacked: two_greenlets: once upon a time", lines)

    def test_lacks_needs_a_reason_and_a_known_name(self):
        self.assertEqual(check_lacking("kill:\n")[0], 1)
        self.assertEqual(check_lacking("no_such_thing: because\n")[0], 1)

    def test_nothing_run_is_a_failure(self):
        status, lines = check_lacking("kill: not here\n", names=["kill_unwinds_a_child"])
        self.assertEqual((status, lines[-1]), (1, "0 passed, 0 failed, 1 skipped"))


class Format(unittest.TestCase):
    def test_json_has_all(self):
        command = [sys.executable, str(FOLDER / "scenario.py"), "--json"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        scenarios = load()
        self.assertEqual(len(printed), len(scenarios))
        for line, scenario in zip(printed, scenarios):
            self.assertEqual(
                json.loads(line),
                {"name": scenario.name, "rules": list(map(int, scenario.headers["rules"])), "needs": scenario.needs, "bodies": scenario.bodies,
                 "events": scenario.events},
            )  # fmt: skip

    HEAD = "rules: 1\nevents-by: oracle\n"

    def refused(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.txt")
            with open(path, "w") as file:
                file.write(text)
            with self.assertRaises(Malformed) as caught:
                Scenario(path).check()
        return str(caught.exception)

    def test_malformed_files_are_refused(self):
        for text, fault in {
            self.HEAD: "no 'body: main'",
            "rules: 99\nbody: main\n": "rules:",
            "rules: 1\nevents-by: rule 2\nbody: main\n": "events-by:",
            "rules: 1\nneed: kill\nevents-by: oracle\nbody: main\n": "unknown header need",
            self.HEAD + "body: main\n jump a\n": "unknown step",
            self.HEAD + "body: main\n switch a\n": "unknown name 'a'",
            self.HEAD + "body: main\n make a\n": "no body for 'a'",
            self.HEAD + "body: main\n make a\n make a\nbody: a\n": "'a' is made twice",
            self.HEAD + "body: main\n make a loud\nbody: a\n": "unknown option 'loud'",
            self.HEAD + "body: main\n switch main 1 2\n": "wrong number of words",
            self.HEAD + "body: main\n try say x\n": "try wants",
            self.HEAD + "body: main\n kill main\n": "needs: lacks kill",
            self.HEAD + "body: main\nevents:\n main switch ETHREAD\n": "needs: lacks misuse",
        }.items():
            with self.subTest(text):
                self.assertIn(fault, self.refused(text))


if __name__ == "__main__":
    unittest.main()
