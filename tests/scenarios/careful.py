# SPDX-License-Identifier: MIT
"""What Python's greenlet may be asked: it runs a scenario, but for steps where it is known to differ from the rules (docs/rules.md)."""

import collections
import weakref

import greenlet

import interpret
from interpret import text

HANDS_OVER = {"run", "pause"}
EMPTIES_THE_QUEUE = {"make", "switch", "throw", "kill", "release", "reparent"}


class Careful(interpret.Interpreter):
    """Runs a scenario; what it must not be asked records "cannot", and that is the end of it."""

    def __init__(self, scenario):
        self.given = scenario.bodies
        super().__init__(scenario)
        self.bodies = self
        self.events, self.needs = [], set()
        self.ran = {}  # body: how many of its steps
        self.pending = collections.defaultdict(list)  # greenlet: the names in the calls where it waits
        self.made, self.tracing = weakref.WeakSet(), []
        self.killed_by = {}  # one that is being killed: who waits for that
        self.home = {}  # greenlet: its thread
        self.queued = set()  # threads of which another one has released something

    def __getitem__(self, body):
        """The steps of a body, each judged when its turn comes."""
        self.ran.setdefault(body, 0)
        handed_over = False
        for at, step in enumerate(self.source(body)):
            self.ran[body] = max(self.ran[body], at + 1)
            me = greenlet.getcurrent().label
            self.killed_by = {victim: by for victim, by in self.killed_by.items() if by != me}
            try:
                objection = self.objection(*step[step[0] == "try" :])
            except LookupError:
                objection = "there is no such greenlet"
            if handed_over and step[step[0] == "try"] not in EMPTIES_THE_QUEUE:
                objection = "rule 18: whatever it is asked, it empties the queue first"
            if objection:
                break
            if handed_over:
                self.queued.discard(self.here.home)
            handed_over = step[0] in HANDS_OVER
            yield step
        else:
            objection = handed_over
        if objection:
            self.record("body", "cannot")
            self.recording = False

    def source(self, body):
        return self.given[body]

    def record(self, *words, who=None):
        if self.recording:
            self.events.append(" ".join([who or greenlet.getcurrent().label, *map(text, words)]))
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

    def run_thread(self, name):
        self.here.home = self.home[name] = name
        super().run_thread(name)

    def step_release(self, name):
        if self.home[name] != self.here.home:
            self.queued.add(self.home[name])
        super().step_release(name)

    def step_make(self, name, *options):
        super().step_make(name, *options)
        self.home[name] = self.here.home
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

    def ended(self, thread):
        return thread != "main" and self.threads[thread].ended

    def objection_to_threads(self, step, name=None, *words):
        mine = self.here.home
        if step == "run":
            return "main runs them, until they end" if mine != "main" or (name in self.threads and self.ended(name)) else None
        if step == "pause":
            return "main is never paused" if mine == "main" else None
        foreign = [word for word in (name, *words) if self.home.get(word, mine) != mine]
        if any(self.ended(self.home[word]) for word in foreign):
            return "rule 19: an unstarted one stays so when its thread ends"
        if step == "make" and foreign:
            return "rule 32: on some stacks it could not start"
        if step == "reparent" and foreign and (len(foreign) == 2 or not self.find(name) or self.find(name).dead):
            return "rules 15, 32: any thread may arrange families; one that moves could not start on some stacks"
        if step == "state" and foreign and self.find(name):
            return "rule 18: it does not know who is current elsewhere"
        if step == "release" and foreign and self.home[name] in self.queued:
            return "rule 18: who is queued behind another waits for its end"
        return None

    def objection(self, step, name=None, *words):
        """Why the oracle is not asked, or None."""
        if objection := self.objection_to_threads(step, name, *words):
            return objection
        if step in HANDS_OVER:
            return None
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
