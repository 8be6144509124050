# SPDX-License-Identifier: MIT
"""A random program of greenlets, by seed: what it does is written down line by line, and depends on the seed alone.

    random_program.py MODULE FIRST COUNT [KIND]

MODULE is `greenlet` or `libgreenlet`; what they print must be the same. Where rules differ on purpose (docs/rules.md, *ours*) it does not go: greenlets that
are killed end at once, and switch nowhere.
"""

import contextvars
import functools
import gc
import importlib
import random
import sys
import weakref

STEPS = 400
PEOPLE = 8


class Payload(Exception):
    pass


class Program:
    def __init__(self, module, seed):
        self.module = module
        self.random = random.Random(seed)
        self.log = []
        self.left = self.random.choice((60, STEPS))
        self.number = 0
        self.greenlets = {}
        self.names = weakref.WeakKeyDictionary()
        self.names[module.getcurrent()] = "main"
        self.variable = contextvars.ContextVar("variable", default="empty")
        self.tracing = False
        self.ways = [
            self.plainly,
            self.in_a_generator,
            self.in_a_sort,
            self.in_recursion,
            self.while_handling,
            self.in_a_context,
            self.in_a_finalizer,
        ]

    def note(self, *words):
        self.log.append(" ".join(map(str, words)))

    def me(self):
        return self.names[self.module.getcurrent()]

    def name_of(self, g):
        return "-" if g is None else self.names.get(g, "?")

    # --- Ways to be deep in something when a switch comes ---------------------------------------------------------------------------------

    def plainly(self, act):
        return act()

    def in_a_generator(self, act):
        def outer():
            yield from inner()

        def inner():
            yield act()

        return next(iter(list(outer())))

    def in_a_sort(self, act):
        results = []
        sorted([1], key=lambda _: results.append(act()) or 0)
        return results[0]

    def in_recursion(self, act):
        def deep(n, *padding):
            local = [n]
            result = deep(n - 1, *padding) if n else act()
            assert local == [n]
            return result

        return deep(self.random.choice((1, 10, 60)), *range(20))

    def while_handling(self, act):
        try:
            raise LookupError(self.me())
        except LookupError as handled:
            result = act()
            assert sys.exc_info()[1] is handled
            return result

    def in_a_context(self, act):
        value = f"{self.me()}{self.left}"
        self.variable.set(value)
        result = act()
        assert self.variable.get() == value, (self.variable.get(), value)
        return result

    def in_a_finalizer(self, act):
        class Finalized:
            def __del__(self):
                results.append(act_without_error())

        def act_without_error():
            try:
                return act()
            except Payload as payload:
                return f"payload {payload}"

        results = []
        thing = Finalized()
        del thing
        return results[0] if results else None

    # --- Steps ------------------------------------------------------------------------------------------------------------------------------

    def body(self, *args, **kwargs):
        # A GreenletExit that starts an ancestor is no argument for Python's greenlet, which takes it for a tuple.
        args = [a for a in args if not isinstance(a, self.module.GreenletExit)]
        self.note(self.me(), "starts with", args, sorted(kwargs.items()), self.variable.get())
        canary = [self.me()]
        try:
            while self.left > 0 and self.random.random() > 0.08:
                self.step()
                assert canary == [self.me()]
        except self.module.GreenletExit as end:
            self.note(self.me(), "is killed", *map(type_name, end.args[:1]))
            raise
        finally:
            self.note(self.me(), "ends")
        if self.random.random() < 0.2:
            raise Payload(f"raised by {self.me()}")
        return f"result of {self.me()}"

    def step(self):
        self.left -= 1
        verb = self.random.choices(
            [self.make, self.switch, self.throw, self.reparent, self.drop, self.look, self.collect, self.trace],
            [5, 12, 2, 1, 2, 2, 0.3, 0.3],
        )[0]
        verb()

    def pick(self):
        names = sorted(self.greenlets)
        return self.greenlets[self.random.choice(names)] if names else None

    def make(self):
        if len(self.greenlets) >= PEOPLE:
            return
        self.number += 1
        name = f"g{self.number}"
        parent = self.pick() if self.random.random() < 0.3 else None
        body = self.body if self.random.random() < 0.8 else functools.partial(self.body, name)
        if self.random.random() < 0.2:
            body = type("Callable", (), {"__call__": lambda self_, *args, **kwargs: self.body(*args, **kwargs)})()
        g = self.module.greenlet(body, parent)
        self.names[g] = name
        self.greenlets[name] = g
        self.note(self.me(), "makes", name, "under", self.name_of(g.parent))

    def arguments(self):
        args = tuple(self.random.randrange(100) for _ in range(self.random.choice((0, 1, 1, 2))))
        return args, {"key": self.left} if self.random.random() < 0.1 else {}

    def transfer(self, how):
        way = self.random.choice(self.ways)
        try:
            received = way(how)
        except Payload as payload:
            self.note(self.me(), "catches", payload)
            if self.random.random() < 0.3 and self.me() != "main":
                raise
        except self.module.GreenletExit:
            if self.me() == "main":
                self.note("main catches an exit")
            else:
                raise
        else:
            self.note(self.me(), "receives", value_text(received), way.__name__)

    def switch(self):
        g = self.pick()
        if g is None:
            return
        args, kwargs = self.arguments()
        self.note(self.me(), "switches to", self.name_of(g), args, kwargs)
        del g
        name = self.random.choice(sorted(self.greenlets))
        self.transfer(lambda: self.greenlets[name].switch(*args, **kwargs) if name in self.greenlets else None)

    def throw(self):
        if not self.greenlets:
            return
        name = self.random.choice(sorted(self.greenlets))
        kind = self.random.choice((Payload, Payload("instance"), self.module.GreenletExit))
        self.note(self.me(), "throws", type_name(kind), "at", name)
        self.transfer(lambda: self.greenlets[name].throw(kind) if name in self.greenlets else None)

    def reparent(self):
        child, parent = self.pick(), self.pick()
        if child is None:
            return
        try:
            child.parent = parent
        except ValueError as refused:
            self.note("refused:", refused)
        else:
            self.note(self.name_of(child), "now under", self.name_of(parent))

    def drop(self):
        """Forgets one; if nobody else refers to it, it goes, at once."""
        if not self.greenlets:
            return
        name = self.random.choice(sorted(self.greenlets))
        self.note(self.me(), "forgets", name)
        del self.greenlets[name]

    def look(self):
        g = self.pick()
        if g is None:
            return
        self.note(self.name_of(g), bool(g), g.dead, self.name_of(g.parent), g.gr_frame is not None)
        frame, depth = g.gr_frame, 0
        while frame is not None:
            frame, depth = frame.f_back, depth + 1
        self.note("depth", depth)

    def collect(self):
        gc.collect()

    def trace(self):
        self.tracing = not self.tracing
        self.module.settrace(self.see if self.tracing else None)

    def see(self, event, pair):
        self.note("trace", event, *map(self.name_of, pair))

    def run(self):
        while self.left > 0:
            self.step()
        self.note("over")
        self.module.settrace(None)
        log, self.log = self.log, []
        return log


def type_name(value):
    return value.__name__ if isinstance(value, type) else type(value).__name__


def value_text(value):
    return type_name(value) if isinstance(value, BaseException) else value


def main():
    module = importlib.import_module(sys.argv[1])
    if len(sys.argv) > 4:
        module.set_stack(sys.argv[4])
    for seed in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
        sys.unraisablehook = lambda report: None  # what the last program left in cycles ends here and is lost there
        gc.collect()
        gc.disable()
        sys.unraisablehook = lambda report: print("unraisable", type(report.exc_value).__name__)
        print("seed", seed, flush=True)
        print("\n".join(Program(module, seed).run()))


if __name__ == "__main__":
    main()
