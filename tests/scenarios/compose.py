#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Composes random scenarios on the oracle: a step is thought up when its turn comes, so every name in it is there.

    compose.py write FOLDER FIRST COUNT [NEED...]   writes random_SEED.txt for each seed, but for those that need a NEED
    compose.py judge FILE...                        writes the events into each, or removes it when the oracle is not to be asked

Runs on the Python that has the oracle; careful.py says what that is not asked.
"""

import collections
import random
import sys
import threading
from pathlib import Path

import greenlet

import interpret
from careful import HANDS_OVER, Careful
from scenario import Scenario


class Author(Careful):
    """Thinks up a scenario."""

    NAMES = "abcdefghijkl"
    WEIGHTS = {
        "make": 5, "switch": 8, "throw": 3, "kill": 2, "call": 1, "end": 1.5, "raise": 0.7, "exit": 0.4, "reparent": 1.5, "retain": 0.5,
        "release": 2.5, "state": 0.8, "parent": 0.8, "say": 0.3, "set-local": 0.5, "local": 0.5, "trace": 0.5, "untrace": 0.3, "run": 2, "pause": 2,
    }  # fmt: skip
    OF_NEED = {"last-handle": {"retain", "release"}, "kill": {"kill"}, "nested-call": {"call"}, "locals": {"set-local", "local"}, "tracers": {"trace", "untrace"}, "threads": {"run", "pause"}}

    def __init__(self, seed, without=()):
        self.bodies = {}
        super().__init__(self)
        self.random = random.Random(seed)
        self.left = self.random.choice((8, 15, 30, 60))
        self.depth = collections.Counter()
        self.keys, self.tracers = [], 0
        self.threaded = self.random.random() < 0.3
        banned = set().union(*(self.OF_NEED.get(need, ()) for need in without))
        # Scenarios that differ in what they like reach more than such as are all alike.
        self.likes = {step: 0 if step in banned else weight * self.random.choice((0, 0.3, 1, 1, 3)) for step, weight in self.WEIGHTS.items()}
        self.likes["make"] = self.likes["switch"] = 6
        if not self.threaded:
            self.likes["run"] = self.likes["pause"] = 0

    def source(self, body):
        steps = self.given[body] = []
        while self.recording:
            if self.left > 0 or not self.at_top():
                steps.append(self.step())
            elif self.running_threads() and self.here.home == "main":
                steps.append(["run", self.running_threads()[0]])
            else:
                break
            yield steps[-1]
            if steps[-1][0] in HANDS_OVER:
                steps.append(["try", self.random.choice(("switch", "throw")), "self"])
                yield steps[-1]

    def running_threads(self):
        return [name for name in self.threads if not self.ended(name) and name != "main"]

    def at_top(self):
        me = greenlet.getcurrent().label
        return me in self.threads and not self.depth[me]

    def transfer_call(self, body):
        self.depth[greenlet.getcurrent().label] += 1
        try:
            return super().transfer_call(body)
        finally:
            self.depth[greenlet.getcurrent().label] -= 1

    def step(self):
        """The next step of the current greenlet."""
        self.left -= 1
        for _ in range(20 if self.left > 0 else 0):
            verb = self.random.choices(list(self.likes), self.likes.values())[0]
            step = self.words_of(verb)
            if step and not self.objection(*step):
                return ["try", *step] if verb in interpret.TRANSFERS and self.random.random() < self.caution() else step
        return ["say", "nothing"] if self.at_top() else ["end", self.value()]

    def caution(self):
        """How probably it catches; a main that has to see threads to their end always does."""
        return 1 if self.threaded and self.at_top() else 0.9 if self.at_top() else 0.5

    def value(self):
        return f"v{self.left}" if self.random.random() < 0.8 else "-"

    def target(self, held):
        """Most often somebody else who lives: what happens then is worth more."""
        weights = [1 if self.find(name) is greenlet.getcurrent() else 2 if self.find(name).dead else 12 for name in held]
        return self.random.choices(held, weights)[0]

    def words_of(self, verb):
        pick = self.random.choice
        held = [name for name, handles in self.handles.items() if handles and not self.ended(self.home[name])]
        others = [name for name in held if name not in self.threads]
        if verb == "make":
            name = self.NAMES[len(self.handles) - len(self.threads) :][:1]
            return name and ["make", name] + (["under", pick(held)] if self.random.random() < 0.3 else [])
        if verb == "call":
            return ["call", f"call{len(self.given)}"] if self.depth[greenlet.getcurrent().label] < 3 else None
        if verb == "kill":
            victims = [name for name in others if self.find(name).parent is greenlet.getcurrent()]
            return ["kill", pick(victims)] if victims else None
        if verb in ("switch", "throw"):
            return [verb, self.target(held), self.value()] if others or self.random.random() < 0.1 else None
        if verb in ("end", "raise", "exit"):
            return None if self.at_top() else [verb, self.value()]
        if verb == "reparent":
            return others and ["reparent", pick(others if self.random.random() < 0.95 else held), pick(held)]
        if verb == "retain":
            return ["retain", pick([*held, "self"])]
        if verb == "release":
            return others and ["release", pick(others)]
        if verb in ("state", "parent"):
            return [verb, pick([*held, "self"])]
        if verb == "local":
            return self.keys and ["local", pick([*held, "self"]), pick(self.keys)]
        if verb == "set-local":
            if len(self.keys) < 2:
                self.keys.append(f"key{len(self.keys)}")
                return ["key", self.keys[-1]]
            return ["set-local", pick([*held, "self"]), pick(self.keys), self.value()]
        if verb == "run":
            return ["run", pick(("t1", "t2"))]
        if verb == "pause":
            return ["pause"]
        if verb == "trace" and not self.tracing and self.here.home == "main":
            self.tracers += 1
            return ["trace", f"tracer{self.tracers}", "-", *pick((("switch",), ("throw",), ("switch", "throw")))]
        if verb == "untrace" and self.tracing and self.here.home == "main":
            return ["untrace", self.tracing[-1]]
        return ["say", "hello"] if verb == "say" else None


def save(path, interpreter, without=()):
    """Runs it and writes what of it ran, with the events; nothing where somebody cannot run it."""
    sys.unraisablehook = lambda lost: interpreter.record("unhandled", lost.object.label, lost.exc_value)
    interpreter.threads["main"] = None  # it never pauses
    thread = threading.Thread(target=interpreter.run_thread, args=("main",))
    thread.start()
    thread.join()
    path.unlink(missing_ok=True)
    if any(event.split()[2:3] == ["cannot"] for event in interpreter.events) or any(thread and not thread.ended for thread in interpreter.threads.values()):
        return
    lines = ["events-by: oracle"]
    for name, count in interpreter.ran.items():
        lines += ["", f"body: {name}", *("  " + " ".join(step) for step in interpreter.given.get(name, [])[:count])]
    lines += ["", "events:", *("  " + event for event in interpreter.events)]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    needs = interpreter.needs | Scenario(path).implied_needs()
    if needs & set(without):
        path.unlink()
    elif needs:
        path.write_text("\n".join([f"needs: {' '.join(sorted(needs))}", *lines, ""]), encoding="utf-8")


def main():
    verb, *words = sys.argv[1:]
    threading.excepthook = interpret.die
    if verb == "write":
        folder, first, count, *without = words
        for seed in range(int(first), int(first) + int(count)):
            save(Path(folder) / f"random_{seed}.txt", Author(seed, without), without)
    elif verb == "judge":
        for path in map(Path, words):
            save(path, Careful(Scenario(path)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
