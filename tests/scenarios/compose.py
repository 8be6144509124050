#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Composes random scenarios on the oracle: a step is thought up when its turn comes, so every name in it is there.

    compose.py write FOLDER FIRST COUNT [NEED...]   writes random_SEED.txt for each seed, but for those that need a NEED
    compose.py judge FILE...                        writes the events into each, or removes it when the oracle is not to be asked

Runs on the Python that has the oracle.
"""

import collections
import random
import sys
import threading
import weakref
from pathlib import Path

import greenlet

import interpret
from scenario import Scenario


class Careful(interpret.Interpreter):
    """Runs a scenario, but for steps where Python's greenlet is known to differ from the rules."""

    def __init__(self, scenario):
        self.given = scenario.bodies
        super().__init__(scenario)
        self.bodies = self
        self.events, self.needs = [], set()
        self.ran = {}  # body: how many of its steps
        self.pending = collections.defaultdict(list)  # greenlet: the names in the calls where it waits
        self.made, self.tracing = weakref.WeakSet(), []
        self.killed_by = {}  # one that is being killed: who waits for that

    def __getitem__(self, body):
        """The steps of a body, each judged when its turn comes."""
        self.ran.setdefault(body, 0)
        for at, step in enumerate(self.source(body)):
            self.ran[body] = max(self.ran[body], at + 1)
            me = greenlet.getcurrent().label
            self.killed_by = {victim: by for victim, by in self.killed_by.items() if by != me}
            try:
                objection = self.objection(*step[step[0] == "try" :])
            except LookupError:
                objection = "there is no such greenlet"
            if objection:
                self.record(step[0], "cannot")
                self.recording = False
                return
            yield step

    def source(self, body):
        return self.given[body]

    def record(self, *words, who=None):
        if self.recording:
            self.events.append(" ".join([who or greenlet.getcurrent().label, *map(interpret.text, words)]))
        if words[1] == "killed" and words[0] != "call":
            me = greenlet.getcurrent()
            self.killed_by[me.label] = me.parent.label

    def transfer(self, step, *words, caught=False):
        me = greenlet.getcurrent().label
        self.pending[me].append(words[0])
        if me in self.killed_by and step != "call":
            self.needs.add("survive-kill")
        try:
            super().transfer(step, *words, caught=caught)
        finally:
            self.pending[me].pop()

    def step_make(self, name, *options):
        super().step_make(name, *options)
        self.ran.setdefault(name, 0)
        self.made.add(self.find(name))

    def step_trace(self, tracer, *words):
        self.tracing.append(tracer)
        super().step_trace(tracer, *words)

    def step_untrace(self, tracer):
        self.tracing.remove(tracer)
        super().step_untrace(tracer)

    def step_reparent(self, name, parent):
        me = greenlet.getcurrent().label
        self.pending[me] += [name, parent]
        try:
            super().step_reparent(name, parent)
        finally:
            del self.pending[me][-2:]

    def objection(self, step, name=None, *words):
        """Why the oracle is not asked, or None."""
        if step == "release" and len(self.handles[name]) == 1 and any(name in calls for calls in self.pending.values()):
            return "a frame of Python holds the greenlet that it has called"
        if step == "exit" and name not in (None, "-") and leads_to_unstarted(greenlet.getcurrent().parent):
            return "rule 5: a GreenletExit starts a parent without its value"
        if step == "reparent" and name in self.killed_by:
            return "rule 13: no real parent is kept apart"
        if step == "reparent" and any(g.label in self.killed_by for g in line_of(self.find(*words))):
            return "rule 15: no cycle is seen through a real parent that is kept apart"
        if step in ("kill", "release") and name in self.killed_by.values():
            return "rule 14: a GreenletExit for one that waits for a kill is reported, not kept"
        if step in ("local", "set-local") and self.find(name).dead:
            return "rule 4: its locals are still there"
        if self.tracing and step == "kill" and self.find(name).dead:
            return "rule 13: tracers see a kill of a dead one go to its ancestor"
        if self.tracing and step in ("throw", "kill") and leads_to_unstarted(self.find(name)):
            return "rule 11: tracers see a throw start its target"
        if self.tracing and step in ("make", "reparent") and words and leads_to_unstarted(self.find(words[-1])):
            return "rule 11: where a throw may pass"
        if step == "trace" and any(leads_to_unstarted(g.parent) for g in self.made):
            return "rule 11: as well"
        return None


def line_of(g):
    """A greenlet, its parent, and so on."""
    while g is not None:
        yield g
        g = g.parent


def leads_to_unstarted(g):
    """Whether what goes to that greenlet would meet an unstarted one."""
    return not next((ancestor for ancestor in line_of(g) if not ancestor.dead), True)


class Author(Careful):
    """Thinks up a scenario."""

    NAMES = "abcdefghijkl"
    WEIGHTS = {
        "make": 5, "switch": 8, "throw": 3, "kill": 2, "call": 1, "end": 1.5, "raise": 0.7, "exit": 0.4, "reparent": 1.5, "retain": 0.5,
        "release": 2.5, "state": 0.8, "parent": 0.8, "say": 0.3, "set-local": 0.5, "local": 0.5, "trace": 0.5, "untrace": 0.3,
    }  # fmt: skip
    OF_NEED = {"last-handle": {"retain", "release"}, "kill": {"kill"}, "nested-call": {"call"}, "locals": {"set-local", "local"}, "tracers": {"trace", "untrace"}}

    def __init__(self, seed, without=()):
        self.bodies = {}
        super().__init__(self)
        self.random = random.Random(seed)
        self.left = self.random.choice((8, 15, 30, 60))
        self.depth = collections.Counter()
        self.keys, self.tracers = [], 0
        banned = set().union(*(self.OF_NEED.get(need, ()) for need in without))
        # Scenarios that differ in what they like reach more than such as are all alike.
        self.likes = {step: 0 if step in banned else weight * self.random.choice((0, 0.3, 1, 1, 3)) for step, weight in self.WEIGHTS.items()}
        self.likes["make"] = self.likes["switch"] = 6

    def source(self, body):
        steps = self.given[body] = []
        while self.recording and not (self.left <= 0 and self.at_top()):
            step = self.step()
            steps.append(step)
            yield step

    def at_top(self):
        return greenlet.getcurrent().label == "main" and not self.depth["main"]

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
                return ["try", *step] if verb in interpret.TRANSFERS and self.random.random() < (0.9 if self.at_top() else 0.5) else step
        return ["say", "nothing"] if self.at_top() else ["end", self.value()]

    def value(self):
        return f"v{self.left}" if self.random.random() < 0.8 else "-"

    def target(self, held):
        """Most often somebody else who lives: what happens then is worth more."""
        weights = [1 if self.find(name) is greenlet.getcurrent() else 2 if self.find(name).dead else 12 for name in held]
        return self.random.choices(held, weights)[0]

    def words_of(self, verb):
        pick = self.random.choice
        held = [name for name, handles in self.handles.items() if handles]
        others = [name for name in held if name != "main"]
        if verb == "make":
            name = self.NAMES[len(self.handles) - 1 : len(self.handles)]
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
        if verb == "trace" and not self.tracing:
            self.tracers += 1
            return ["trace", f"tracer{self.tracers}", "-", *pick((("switch",), ("throw",), ("switch", "throw")))]
        if verb == "untrace" and self.tracing:
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
    if any(event.split()[2:3] == ["cannot"] for event in interpreter.events):
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
