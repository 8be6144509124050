#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is measured, as a pyperf script: rows.py --module greenlet|libgreenlet [--stack KIND] [pyperf's options]. run.py runs it.

Nothing here looks up a name or makes an object in a timed loop that is not part of what the row is named after.
"""

from time import perf_counter

import pyperf


class Rows:
    """Each row is a function of how often, which returns seconds."""

    def __init__(self, module):
        self.greenlet, self.getcurrent = module.greenlet, module.getcurrent

    def waiting(self, body):
        """A greenlet that was started and is back in its first switch."""
        g = self.greenlet(body)
        g.switch()
        return g

    def switch(self, loops):
        def body():
            back = self.getcurrent().parent.switch
            while True:
                back()

        switch = self.waiting(body).switch
        start = perf_counter()
        for _ in range(loops):
            switch()
        return perf_counter() - start

    def ring(self, loops, count, depth):
        """`count` greenlets pass control round, each below `depth` frames of C code. main is out of it until the first has been round `loops` times."""
        main, members = self.getcurrent(), []

        def descend(left):
            if left:
                return max((left - 1,), key=descend)
            at = members.index(self.getcurrent())
            switch = members[(at + 1) % count].switch
            main.switch()
            for _ in range(loops):
                switch()
            main.switch()

        members += [self.greenlet(descend) for _ in range(count)]
        for g in members:
            g.switch(depth)
        start = perf_counter()
        members[0].switch()
        seconds = perf_counter() - start
        for g in members:
            g.throw()
        return seconds

    def siblings_20(self, loops):
        return self.ring(loops, 2, 20)

    def siblings_100(self, loops):
        return self.ring(loops, 2, 100)

    def ring_100(self, loops):
        return self.ring(loops, 100, 20)

    def create(self, loops):
        def body():
            pass

        greenlet = self.greenlet
        start = perf_counter()
        for _ in range(loops):
            greenlet(body)
        return perf_counter() - start

    def live(self, loops):
        def body():
            pass

        greenlet = self.greenlet
        start = perf_counter()
        for _ in range(loops):
            greenlet(body).switch()
        return perf_counter() - start

    def throw(self, loops):
        def body():
            back = self.getcurrent().parent.switch
            while True:
                try:
                    back()
                except KeyError:
                    pass

        throw = self.waiting(body).throw
        start = perf_counter()
        for _ in range(loops):
            throw(KeyError)
        return perf_counter() - start

    def kill(self, loops):
        """The last reference to one that waits goes, right after its start."""
        back, greenlet = self.getcurrent().switch, self.greenlet
        start = perf_counter()
        for _ in range(loops):
            greenlet(back).switch()
        return perf_counter() - start

    def getcurrent_(self, loops):
        getcurrent = self.getcurrent
        start = perf_counter()
        for _ in range(loops):
            getcurrent()
        return perf_counter() - start


# name: how many times a round of the loop does it
NAMES = {"switch": 2, "siblings_20": 2, "siblings_100": 2, "ring_100": 100, "create": 1, "live": 1, "throw": 1, "kill": 1, "getcurrent_": 1}


def main():
    def pass_on(command, options):
        command += ["--module", options.module] + (["--stack", options.stack] if options.stack else [])

    runner = pyperf.Runner(add_cmdline_args=pass_on)
    runner.argparser.add_argument("--module", choices=["greenlet", "libgreenlet"], required=True)
    runner.argparser.add_argument("--stack", choices=["private", "shared", "thread"])
    options = runner.parse_args()
    module = __import__(options.module)
    if options.stack:
        module.set_stack(options.stack)
    rows = Rows(module)
    for name, inner in NAMES.items():
        runner.bench_time_func(name, getattr(rows, name), inner_loops=inner)


if __name__ == "__main__":
    main()
