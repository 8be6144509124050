# SPDX-License-Identifier: MIT
"""Deep calls, in Python and in C, and where they end: a RecursionError, never a crash (rules 23 and 25)."""

import sys
import weakref

import pytest

from libgreenlet import getcurrent, greenlet

pytestmark = pytest.mark.usefixtures("stack")


def hand_over(value=None):
    return getcurrent().parent.switch(value)


def dive(depth=0):
    """How deep Python calls go."""
    try:
        return dive(depth + 1)
    except RecursionError:
        return depth


def test_python_calls_go_as_deep_as_in_main():
    assert abs(greenlet(dive).switch() - dive()) < 20


def test_a_recursion_error_ends_a_greenlet_like_any_other():
    def endless():
        endless()

    g = greenlet(endless)
    with pytest.raises(RecursionError):
        g.switch()
    assert g.dead
    assert greenlet(dive).switch() > 100


def test_each_greenlet_has_a_depth_of_its_own():
    def body(depth):
        if depth:
            return body(depth - 1)
        hand_over()
        return dive()

    greenlets = [greenlet(body) for _ in range(5)]
    for g in greenlets:
        g.switch(sys.getrecursionlimit() // 2)
    assert dive() > sys.getrecursionlimit() // 2
    assert all(g.switch() < sys.getrecursionlimit() // 2 + 20 for g in greenlets)
    assert dive() > sys.getrecursionlimit() // 2


def test_the_recursion_limit_may_change_while_greenlets_wait():
    def body():
        hand_over()
        return dive()

    before = sys.getrecursionlimit()
    g, other = greenlet(body), greenlet(body)
    g.switch(), other.switch()
    shallow = dive()
    try:
        sys.setrecursionlimit(before + 500)
        assert g.switch() > shallow + 400
    finally:
        sys.setrecursionlimit(before)
    assert other.switch() < shallow + 400


C_CALLS = {
    "repr": "class Nest:\n    def __repr__(self): return repr(Nest())\ndef deep(n): return repr(Nest())",
    "compare": "a, b = [], []\na.append(b); b.append(a)\nc, d = [], []\nc.append(d); d.append(c)\ndef deep(n): return a == c",
    "json": "import json\nnest = []\nfor _ in range(100000): nest = [nest]\ndef deep(n): return json.dumps(nest)",
    "sorted": "def deep(n): return sorted([n], key=deep)",
    "sort": "def deep(n): return [n].sort(key=deep)",
    "max": "def deep(n): return max([n], key=deep)",
    "map": "def deep(n): return list(map(deep, [n]))",
    "sum": "def deep(n): return sum(map(deep, [n]))",
}


@pytest.mark.parametrize("call", C_CALLS)
def test_c_calls_end_in_a_recursion_error(program, call):
    """Each level takes kilobytes of C stack; there must be room until the interpreter says stop."""
    printed = program(f"""
from libgreenlet import greenlet
{C_CALLS[call]}
def body():
    try:
        deep(1)
    except RecursionError:
        return "stopped"
for _ in range(2):
    print(greenlet(body).switch())
def waits():
    other.switch()
    return body()
other = greenlet(body)
print(greenlet(waits).switch(), other.dead)
""")
    assert printed.split() == ["stopped", "stopped", "stopped", "True"]


def test_switching_deep_below_c_calls():
    """Every level is one of C; all of them wait at their deepest, one after the other goes on."""

    def deep(n):
        if n:
            return max([n], key=lambda _: deep(n - 1))
        return hand_over()

    greenlets = [greenlet(deep) for _ in range(5)]
    for depth, g in enumerate(greenlets):
        g.switch(20 * depth)
    assert dive() > 100
    assert [g.switch(1) for g in reversed(greenlets)] == [80, 60, 40, 20, 1]


def test_greenlets_that_start_each_other_end_in_a_recursion_error():
    """A start takes the starter's depth along."""

    def nest(depth):
        try:
            return greenlet(nest).switch(depth + 1)
        except RecursionError:
            return depth

    assert 50 < greenlet(nest).switch(0) < sys.getrecursionlimit()
    assert dive() > sys.getrecursionlimit() // 2


def test_an_outcome_climbs_a_chain_of_unstarted_parents_in_linear_time():
    """Each starts the next one (rule 5); all of them, dead by then, go at once."""

    def body(value):
        return value + 1

    g = getcurrent()
    for _ in range(300_000):
        g = greenlet(body, g)
    last = weakref.ref(g)
    assert g.switch(0) == 300_000
    del g
    assert last() is None


def test_a_climbing_outcome_goes_where_parents_lead_by_then():
    """Parents change, and others start, while it is on its way."""

    def waits(value):
        return value + ["waits", *main.switch()]

    def changes(value):
        middle.parent = elsewhere
        elsewhere.switch(["begun"])
        return value + ["changes"]

    main = getcurrent()
    elsewhere = greenlet(waits)
    top = greenlet(lambda value: value + ["top"])
    middle = greenlet(lambda value: value + ["middle"], top)
    below = greenlet(changes, middle)
    assert greenlet(lambda: ["first"], below).switch() == ()
    assert below.switch() == ["begun", "waits", "first", "changes", "middle"]
    assert not top.dead and not top and elsewhere.dead


def test_deep_python_calls_on_many_stacks():
    """Data stacks grow by chunks, also below a switch, and shrink again."""

    def deep(n):
        a, b, c = n, [n], {n: n}
        if n:
            return deep(n - 1) + (a == b[0] == c[n])
        hand_over()
        return 0

    greenlets = [greenlet(deep) for _ in range(30)]
    for depth, g in enumerate(greenlets):
        g.switch(depth * 20)
    for g in greenlets[::3]:
        g.switch()
    del greenlets[::3], g
    assert [g.switch() for g in greenlets] == [depth * 20 for depth in range(30) if depth % 3]
