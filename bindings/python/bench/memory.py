#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a greenlet takes: memory.py greenlet|libgreenlet [KIND] prints bytes of resident memory for an unstarted one, and for one that waits.

Many are made, in a fresh process; what the system has mapped for them is divided.
"""

import gc
import importlib
import sys

COUNT = 20_000
PAGE = 4096


def resident():
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * PAGE


def main():
    module = importlib.import_module(sys.argv[1])
    if sys.argv[2:]:
        module.set_stack(sys.argv[2])
    back = module.getcurrent().switch

    def body():
        back()

    def some():
        return [module.greenlet(body) for _ in range(COUNT)]

    module.greenlet(body).switch()  # what the first one brings is not theirs
    gc.collect()
    gc.disable()
    before = resident()
    greenlets = some()
    unstarted = resident()
    for g in greenlets:
        g.switch()
    waiting = resident()
    print((unstarted - before) // COUNT, (waiting - before) // COUNT)


if __name__ == "__main__":
    main()
