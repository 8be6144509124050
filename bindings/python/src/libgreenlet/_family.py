# SPDX-License-Identifier: MIT
"""Who is there: `tree()` and `dump()`."""

import gc
import io
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Optional, TextIO

from ._greenlet import getcurrent, greenlet, inspect


def name_of(g: greenlet) -> Optional[str]:
    """Its attribute `name`, if it was given one that is a string."""
    name = g.__dict__.get("name")
    return name if isinstance(name, str) else None


def function_of(g: greenlet) -> str:
    """What it calls, for people; "" when that is not known (any more)."""
    run = inspect(g)[2]
    if run is None:
        return "" if type(g) is greenlet else type(g).__qualname__
    return getattr(run, "__qualname__", None) or type(run).__qualname__


def label_of(g: greenlet) -> str:
    """How to call it: its name, `main`, or what it calls."""
    return name_of(g) or ("main" if g.parent is None else function_of(g)) or "greenlet"


@dataclass(frozen=True)
class Node:
    """A greenlet in a family tree. `str(node)` draws it and its descendants, one a line."""

    greenlet: greenlet
    state: str
    """`unstarted`, `running`, `suspended` or `dead`."""
    label: str
    """Its name, the string that was assigned to its attribute `name`; else `main`, or what it calls."""
    children: list["Node"] = field(default_factory=list)

    def __iter__(self) -> Iterator["Node"]:
        """Itself and all descendants, parents first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    def __str__(self) -> str:
        lines, waiting = [], [(self, 0)]
        while waiting:
            node, depth = waiting.pop()
            lines.append(f"{'  ' * depth}{node.label} {node.state} at {id(node.greenlet):#x}")
            waiting.extend((child, depth + 1) for child in reversed(node.children))
        return "\n".join(lines)


def _all_greenlets() -> list[greenlet]:
    """Of all threads, ancestors before descendants. One that gc.freeze() has hidden shows only if it is the current one or has descendants."""
    found: dict[int, greenlet] = {}
    for g in [getcurrent(), *(g for g in gc.get_objects() if isinstance(g, greenlet))]:
        line = []
        ancestor: Optional[greenlet] = g
        while ancestor is not None and id(ancestor) not in found:
            line.append(ancestor)
            ancestor = ancestor.parent
        found.update((id(each), each) for each in reversed(line))
    return list(found.values())


def _families(greenlets: Iterable[greenlet]) -> list[Node]:
    """Their trees. The dead are left out, but for those with descendants that live."""
    nodes = {id(g): Node(g, inspect(g)[0], label_of(g)) for g in greenlets}
    roots: list[Node] = []
    for node in reversed(list(nodes.values())):
        if node.state == "dead" and not node.children:
            continue
        parent = node.greenlet.parent
        if parent is None:
            roots.insert(0, node)
        elif id(parent) in nodes:
            nodes[id(parent)].children.insert(0, node)
    return roots


def tree() -> Node:
    """The calling thread's family of greenlets: its main one, with all others below their parents.

    The dead are left out, but for those with descendants that live. The tree is of this moment, and keeps the greenlets in it alive.

        >>> print(libgreenlet.tree())
        main running at 0x7f1e6aa5c4c0
          worker suspended at 0x7f1e6aa5c540
    """
    main = getcurrent()
    while main.parent is not None:
        main = main.parent
    return next(node for node in _families(_all_greenlets()) if node.greenlet is main)


def _frame_of(node: Node, running: dict[int, FrameType], thread: Optional[int]) -> Optional[FrameType]:
    if node.state == "suspended":
        return node.greenlet.gr_frame
    return running.get(thread) if node.state == "running" and thread is not None else None


def dump(file: Optional[TextIO] = None) -> None:
    """Writes every greenlet of every thread with its state and its Python stack, the innermost call last, to a file or to stderr.

    For debuggers, and for handlers of signals: `signal.signal(signal.SIGUSR1, lambda *_: libgreenlet.dump())`. What other threads do meanwhile may
    make their part inconsistent. Greenlets that wait in C code, below no Python function, have no stack to show.
    """
    text = io.StringIO()
    running: dict[int, Any] = dict(sys._current_frames())
    running[threading.get_ident()] = sys._getframe(1)
    # Not threading.enumerate(): the lock that it takes may be held by what a signal has interrupted.
    threads: dict[int, threading.Thread] = dict(getattr(threading, "_active", {}))
    for root in _families(_all_greenlets()):
        thread = inspect(root.greenlet)[1]
        name = threads[thread].name if thread in threads else "ended" if thread is None else "of C"
        print(f"Thread {thread or 0:#x} ({name}):", file=text)
        for node in root:
            print(f"  {node.greenlet!r} {node.label}, {node.state}", file=text)
            frame = _frame_of(node, running, thread)
            if frame is not None:
                for line in traceback.format_stack(frame):
                    print("  " + line.rstrip("\n").replace("\n", "\n  "), file=text)
    (file or sys.stderr).write(text.getvalue())
