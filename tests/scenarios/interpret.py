#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs scenarios (docs/scenarios.md) on the Python module `greenlet` and prints their events: interpret.py FILE...

Local variables hold greenlets: a frame that kept one would keep it alive. So greenlets are looked up where they are used.
"""

import os
import sys
import threading
import time
from pathlib import Path

import greenlet

from scenario import Scenario

TRANSFERS = {"switch", "throw", "kill", "call"}


class Payload(Exception):
    """What `throw` and `raise` throw."""


class Ended(Exception):
    """An `end` step: its value is what the body returns."""


class Refused(Exception):
    """A call that failed: the name of its status."""


def status_of(error):
    """The name that docs/errors.md has for what the module raised."""
    text = str(error)
    if "exited" in text or "garbage collected" in text:
        return "EEXPIRED"
    if "different thread" in text:
        return "ETHREAD"
    return "ECYCLE" if "cyclic" in text else "EINVAL"


def text(value):
    """A value as events show it; a GreenletExit that ended a body arrives as a value."""
    if isinstance(value, BaseException):
        value = value.args[0] if value.args else None
    return "-" if value is None else value


class Thread:
    """Runs one body while whoever wants it waits."""

    def __init__(self, run):
        self.resume, self.paused = threading.Semaphore(0), threading.Semaphore(0)
        self.thread = threading.Thread(target=self._main, args=(run,), daemon=True)
        self.ended = False

    def _main(self, run):
        run()
        self.ended = True
        self.paused.release()

    def go(self):
        if self.thread.ident is None:
            self.thread.start()
        else:
            self.resume.release()
        self.paused.acquire()
        if self.ended:
            self.thread.join()
            # join() returns before the thread's destructors have run, and they expire its greenlets.
            while os.path.exists(f"/proc/self/task/{self.thread.native_id}"):
                time.sleep(0.001)

    def pause(self):
        self.paused.release()
        self.resume.acquire()


class Interpreter:
    """One scenario. `handles` has the references that the scenario holds, by name."""

    def __init__(self, scenario):
        self.bodies = scenario.bodies
        self.handles, self.threads, self.tracers, self.here = {}, {}, {}, threading.local()
        self.recording = True

    def record(self, *words, who=None):
        if self.recording:
            print(who or greenlet.getcurrent().label, *map(text, words))

    def find(self, name):
        return greenlet.getcurrent() if name == "self" else self.handles[name][-1]

    def greenlet_body(self, name, value):
        self.record("start", value)
        return self.run_body(name)

    def run_body(self, name):
        try:
            for step in self.bodies[name]:
                caught = step[0] == "try"
                step = step[caught:]
                if step[0] in TRANSFERS:
                    self.transfer(*step, caught=caught)
                    continue
                try:
                    getattr(self, "step_" + step[0].replace("-", "_"))(*(None if word == "-" else word for word in step[1:]))
                except LookupError:
                    self.record(step[0], "cannot")  # it names a greenlet that is not there
                except (ValueError, AttributeError, TypeError, greenlet.error) as error:
                    self.record(step[0], status_of(error))
        except Ended as end:
            return end.args[0]
        return None

    def transfer(self, step, *words, caught=False):
        try:
            status, value = getattr(self, "transfer_" + step)(*(None if word == "-" else word for word in words))
            self.record(step, status, value)
        except LookupError:
            self.record(step, "cannot")
        except greenlet.error as error:
            self.record(step, status_of(error))
        except (Payload, greenlet.GreenletExit) as error:
            thrown = isinstance(error, Payload)
            self.record(step, "thrown" if thrown else "killed", text(error) if thrown else "-")
            if not (caught and self.recording):
                raise

    def transfer_switch(self, name, value=None):
        return "ok", self.find(name).switch(value)

    def transfer_throw(self, name, value=None):
        return "ok", self.find(name).throw(Payload(value))

    def transfer_kill(self, name):
        if self.find(name).parent is not greenlet.getcurrent():
            return "cannot", None  # GreenletExit would end up with another one
        value = self.find(name).throw(greenlet.GreenletExit())
        return "ok" if self.find(name).dead else "alive", value

    def transfer_call(self, body):
        return "ok", self.run_body(body)

    def step_end(self, value=None):
        raise Ended(value)

    def step_raise(self, value=None):
        raise Payload(value)

    def step_exit(self, value=None):
        raise greenlet.GreenletExit(value)

    def step_make(self, name, *options):
        options = dict(zip(options[::2], options[1::2]))
        body = options.get("runs", name)
        self.handles[name] = [greenlet.greenlet(lambda value=None: self.greenlet_body(body, value))]
        self.find(name).label = name
        if "under" in options:
            self.find(name).parent = self.find(options["under"])

    def step_retain(self, name):
        self.handles.setdefault(greenlet.getcurrent().label if name == "self" else name, []).append(self.find(name))

    def step_release(self, name):
        self.handles[name].pop()

    def step_reparent(self, name, parent):
        self.find(name).parent = self.find(parent)

    def step_state(self, name):
        if self.find(name).dead:
            state = "dead"
        elif not self.find(name):
            state = "unstarted"
        else:
            state = "running" if self.find(name) is greenlet.getcurrent() else "suspended"
        self.record("state", name, state)

    def step_parent(self, name):
        self.record("parent", name, getattr(self.find(name).parent, "label", "-"))

    def step_say(self, *words):
        self.record("say", *words)

    def step_key(self, key):
        pass

    def step_set_local(self, name, key, value):
        setattr(self.find(name), "local_" + key, value)

    def step_local(self, name, key):
        self.record("local", name, key, getattr(self.find(name), "local_" + key, None))

    def step_trace(self, tracer, _body, *events):
        def trace(event, pair):
            if event in events:
                self.record("trace", tracer, event, pair[1].label, who=pair[0].label)

        greenlet.settrace(trace)

    def step_untrace(self, _tracer):
        greenlet.settrace(None)

    def step_run(self, name):
        if name not in self.threads:
            self.threads[name] = Thread(lambda: self.run_thread(name))
        self.threads[name].go()

    def step_pause(self):
        self.here.thread.pause()

    def run_thread(self, name):
        self.here.thread = self.threads[name]
        self.handles[name] = [greenlet.getcurrent()]
        self.find("self").label = name
        try:
            self.run_body(name)
        except (Payload, greenlet.GreenletExit):
            pass
        if name == "main":
            self.recording = False
            self.handles.clear()


def die(failure):
    """A bug here or in the scenario: other threads must not wait for this one."""
    sys.excepthook(failure.exc_type, failure.exc_value, failure.exc_traceback)
    sys.stdout.flush()
    os._exit(2)


def main():
    threading.excepthook = die
    for path in sys.argv[1:]:
        print("scenario", Path(path).stem, flush=True)
        interpreter = Interpreter(Scenario(path))
        sys.unraisablehook = lambda lost, record=interpreter.record: record("unhandled", lost.object.label, lost.exc_value)
        interpreter.step_run("main")


if __name__ == "__main__":
    main()
