#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads scenario files and refuses malformed ones. The format: docs/scenarios.md.

    scenario.py --json [FILE...]   prints them as JSON, one a line: those files, or all scenarios
"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

NEEDS = {
    "callbacks", "discard", "drops", "foreach", "hooks", "kill", "kill-any", "last-handle", "locals", "misuse", "nested-call",
    "start-end", "stats", "survive-kill", "threads", "tracers", "unhandled",
}
MISUSE = {"EINVAL", "ETHREAD", "EEXPIRED"}

# What each step takes, behind the bar what may be left out: G a greenlet, B a body, T a thread, V a value, W any word, * more of them.
STEPS = {
    "make": "W|*", "retain": "G|", "release": "G|", "reparent": "GG|",
    "switch": "G|V", "throw": "G|V", "kill": "G|", "call": "B|",
    "end": "|V", "raise": "|V", "exit": "|V",
    "state": "G|", "parent": "G|", "foreach": "|", "count": "W|", "say": "W|*",
    "key": "W|W", "set-local": "GWV|", "local": "GW|",
    "trace": "WBW|*", "untrace": "W|", "hook": "W|B", "unhook": "W|",
    "run": "T|", "pause": "|",
}
TRY = {"switch", "throw", "kill", "call"}
IMPLIED = {  # need: the steps that have it
    "last-handle": {"retain", "release"},
    "kill": {"kill"},
    "nested-call": {"call"},
    "threads": {"run", "pause"},
    "locals": {"key", "set-local", "local"},
    "tracers": {"trace", "untrace"},
    "hooks": {"hook", "unhook"},
    "foreach": {"foreach"},
    "stats": {"count"},
}
MAKE = {"under": "G", "runs": "B", "drop": "B", "drop-result": "", "discard": ""}
MAKE_IMPLIED = {"drop": "drops", "drop-result": "drops", "discard": "discard"}
TRACED = {"switch", "throw", "start", "end"}
COUNTED = {"alive", "created", "leaked"}


class Malformed(Exception):
    """A scenario that does not follow the format."""


class Scenario:
    """One file: `headers`, `bodies` (name -> steps, each a list of words) and the `events` that must be seen."""

    def __init__(self, path):
        self.path = Path(path)
        self.name = self.path.stem
        self.headers = {}
        self.bodies = {}
        self.events = []
        into = None
        for line in self.path.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "body:":
                into = self.bodies.setdefault(words[1], [])
            elif words[0] == "events:":
                into = self.events
            elif into is None:
                self.headers[words[0].rstrip(":")] = words[1:]
            else:
                into.append(words)
        self.events = [" ".join(words) for words in self.events]

    @property
    def needs(self):
        return self.headers.get("needs", [])

    @property
    def by_oracle(self):
        return self.headers["events-by"] == ["oracle"]

    def check(self):
        """Raises Malformed with the first fault."""
        self._check_headers()
        implied = self.implied_needs()
        if implied - set(self.needs):
            raise Malformed(f"needs: lacks {' '.join(sorted(implied - set(self.needs)))}")

    def implied_needs(self):
        """What its steps and events need, as far as they show it; Malformed when they are not well formed."""
        if "main" not in self.bodies:
            raise Malformed("no 'body: main'")
        threads = {step[1] for steps in self.bodies.values() for step in steps if step[0] == "run"}
        made = [step[1] for steps in self.bodies.values() for step in steps if step[0] == "make"]
        for name in made:
            if made.count(name) > 1 or name in threads or name in ("main", "self"):
                raise Malformed(f"'{name}' is made twice")
        names = {"G": {*made, *threads, "main", "self"}, "B": {*self.bodies, "-"}, "T": set(self.bodies)}
        implied = set()
        for body, steps in self.bodies.items():
            for step in steps:
                try:
                    implied |= self._check_step(step, names)
                except Malformed as fault:
                    raise Malformed(f"body {body}: '{' '.join(step)}': {fault}") from None
        for event in map(str.split, self.events):
            if event[1] == "unhandled":
                implied.add("unhandled")
            elif event[1] in STEPS and set(event[2:]) & MISUSE:
                implied.add("misuse")
        return implied

    def _check_headers(self):
        unknown = set(self.headers) - {"rules", "needs", "events-by", "differs"}
        if unknown:
            raise Malformed(f"unknown header {' '.join(sorted(unknown))}")
        if not all(rule.isdigit() and 1 <= int(rule) <= 37 for rule in self.headers.get("rules", ["none"])):
            raise Malformed("rules: wants numbers from 1 to 37")
        if set(self.needs) - NEEDS:
            raise Malformed(f"unknown need {' '.join(sorted(set(self.needs) - NEEDS))}")
        by = self.headers.get("events-by", [])
        if by != ["oracle"] and (by[:1] != ["rule"] or not set(by[1:]) & set(self.headers["rules"])):
            raise Malformed("events-by: wants 'oracle', or 'rule' and numbers from rules:")
        if self.by_oracle and "differs" in self.headers:
            raise Malformed("differs: is for events that a rule decides")

    @staticmethod
    def _check_step(step, names):
        step = list(step)
        if step[0] == "try":
            step.pop(0)
            if not step or step[0] not in TRY:
                raise Malformed("try wants a transfer or a call")
        if step[0] not in STEPS:
            raise Malformed("unknown step")
        words = step[1:]
        least, _, more = STEPS[step[0]].partition("|")
        if len(words) < len(least) or (more != "*" and len(words) > len(least + more)):
            raise Malformed("wrong number of words")
        for kind, word in zip(least + more, words):
            if word not in names.get(kind, {word}):
                raise Malformed(f"unknown name '{word}'")
        implied = {need for need, steps in IMPLIED.items() if step[0] in steps}
        if step[0] == "make":
            implied |= Scenario._check_make(words, names)
        elif step[0] == "trace" and set(words[2:]) - TRACED:
            raise Malformed(f"trace knows {' '.join(sorted(TRACED))}")
        elif step[0] == "trace":
            implied |= {"callbacks"} if words[1] != "-" else set()
            implied |= {"start-end"} if set(words[2:]) & {"start", "end"} else set()
        elif step[0] == "hook" and len(words) > 1:
            implied.add("callbacks")
        elif step[0] == "count" and words[0] not in COUNTED:
            raise Malformed(f"count knows {' '.join(sorted(COUNTED))}")
        elif step[0] == "key" and words[1:] == ["drop"]:
            implied.add("drops")
        return implied

    @staticmethod
    def _check_make(words, names):
        options, implied = list(words[1:]), set()
        if words[0] not in names["B"] and "runs" not in options:
            raise Malformed(f"no body for '{words[0]}'")
        while options:
            option = options.pop(0)
            if option not in MAKE:
                raise Malformed(f"unknown option '{option}'")
            if option in MAKE_IMPLIED:
                implied.add(MAKE_IMPLIED[option])
            if MAKE[option] and (not options or options.pop(0) not in names[MAKE[option]]):
                raise Malformed(f"'{option}' wants a known name")
        return implied


def load(names=(), without_events=False):
    """The scenarios of those names, or all, in order of name; Malformed names the file."""
    scenarios = []
    for path in [FOLDER / f"{name}.txt" for name in names] or sorted(FOLDER.glob("*.txt")):
        if path.name == "CMakeLists.txt":  # shares the ending by its own rule
            continue
        scenario = Scenario(path)
        try:
            scenario.check()
            if not scenario.events and not without_events:
                raise Malformed("no events")
        except Malformed as fault:
            raise Malformed(f"{path.name}: {fault}") from None
        scenarios.append(scenario)
    return scenarios


def as_json(scenario):
    kept = {"name": scenario.name, "rules": [int(rule) for rule in scenario.headers.get("rules", [])], "needs": scenario.needs}
    return json.dumps({**kept, "bodies": scenario.bodies, "events": scenario.events})


def main():
    if sys.argv[1:2] != ["--json"]:
        sys.exit(__doc__)
    for scenario in map(Scenario, sys.argv[2:]) if sys.argv[2:] else load():
        print(as_json(scenario))


if __name__ == "__main__":
    main()
