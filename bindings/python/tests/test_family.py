# SPDX-License-Identifier: MIT
"""tree() and dump()."""

import functools
import gc
import io
import re
import sys
import threading

import pytest

import libgreenlet
from libgreenlet import dump, getcurrent, greenlet, tree

pytestmark = pytest.mark.usefixtures("stack")


def hand_over(value=None):
    return getcurrent().parent.switch(value)


def alone(test):
    """Runs a test in a thread of its own, whose family has nobody that other tests have left."""

    @functools.wraps(test)
    def run(*args, **kwargs):
        def work():
            try:
                test(*args, **kwargs)
            except BaseException as failure:  # noqa: B036
                failures.append(failure)

        failures = []
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failures:
            raise failures[0]

    return run


def shape(node):
    return node.label, node.state, [shape(child) for child in node.children]


@alone
def test_a_tree_of_one():
    node = tree()
    assert node.greenlet is getcurrent() and shape(node) == ("main", "running", [])


@alone
def test_a_tree_has_every_state():
    waiting, unstarted = greenlet(hand_over), greenlet(hand_over)
    unstarted.name = "unstarted one"
    waiting.switch()
    gone, ancestor = greenlet(lambda: None), greenlet(lambda: None)
    gone.switch()
    child = greenlet(hand_over, ancestor)
    child.name = "below"
    ancestor.switch()
    assert shape(tree()) == (
        "main",
        "running",
        [("hand_over", "suspended", []), ("unstarted one", "unstarted", []), ("greenlet", "dead", [("below", "unstarted", [])])],
    )


@alone
def test_a_tree_seen_from_within():
    def body():
        inner = greenlet(seen)
        return inner.switch()

    def seen():
        return shape(tree())

    assert greenlet(body).switch() == (
        "main",
        "suspended",
        [(body.__qualname__, "suspended", [(seen.__qualname__, "running", [])])],
    )


@alone
def test_a_tree_is_drawn():
    g = greenlet(hand_over)
    g.name = "worker"
    child = greenlet(None, g)
    lines = str(tree()).splitlines()
    assert lines == [
        f"main running at {id(getcurrent()):#x}",
        f"  worker unstarted at {id(g):#x}",
        f"    greenlet unstarted at {id(child):#x}",
    ]


@alone
def test_a_tree_is_walked():
    parent = g = greenlet()
    for _ in range(5_000):
        g = greenlet(None, g)
    assert [node.greenlet for node in tree()][:2] == [getcurrent(), parent]
    assert len(list(tree())) == 5_002 and len(str(tree()).splitlines()) == 5_002


@alone
def test_a_tree_has_the_calling_threads_only():
    def work():
        g = greenlet(hand_over)
        g.switch()
        trees.append(shape(tree()))

    trees = []
    mine = greenlet(hand_over)
    mine.switch()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert trees == [("main", "running", [("hand_over", "suspended", [])])]
    assert shape(tree()) == trees[0]


@alone
def test_labels():
    class Worker(greenlet):
        def run(self):
            return hand_over()

    class Callable:
        def __call__(self):
            hand_over()

    workers = [Worker(), greenlet(Callable()), greenlet(len), greenlet()]
    before = [Worker.__qualname__, Callable.__qualname__, "len", "greenlet"]
    assert [node.label for node in tree().children] == before
    for g in workers[:2]:
        g.switch()
    assert [node.label for node in tree().children] == [Worker.run.__qualname__, *before[1:]]
    workers[3].name = 5  # no string
    assert tree().children[3].label == "greenlet"
    workers[0].throw()


def test_names_show_in_repr():
    g = greenlet(hand_over)
    plain = repr(g)
    g.name = "worker 'one'"
    assert "\"worker 'one'\"" in repr(g) and "worker" not in plain
    g.switch()
    assert "\"worker 'one'\"" in repr(g) and "suspended" in repr(g)
    del g.name
    assert "worker" not in repr(g)


def test_a_dump_shows_states_and_stacks():
    def inner():
        hand_over()

    def outer():
        inner()

    g, unstarted = greenlet(outer), greenlet(inner)
    g.name = "first"
    g.switch()
    text = io.StringIO()
    dump(text)
    text = text.getvalue()
    assert re.search(r"^Thread 0x[0-9a-f]+ \(MainThread\):$", text, re.MULTILINE)
    assert re.search(
        r"first, suspended\n    File .*, in outer\n      inner\(\)\n.*File .*, in inner\n.*\n    File .*, in hand_over\n", text
    )
    assert re.search(r"main, running\n(    File (.*\n)+?)    File .*in test_a_dump_shows_states_and_stacks\n", text)
    assert f"{unstarted!r} {inner.__qualname__}, unstarted\n" in text
    assert "in dump\n" not in text


def test_a_dump_shows_other_threads():
    def work():
        g = greenlet(hand_over)
        g.switch()
        greenlet(in_greenlet).switch()

    def in_greenlet():
        ready.set()
        finish.wait()

    ready, finish = threading.Event(), threading.Event()
    thread = threading.Thread(target=work, name="the other")
    thread.start()
    ready.wait()
    text = io.StringIO()
    dump(text)
    finish.set()
    thread.join()
    other = text.getvalue().split("(the other):\n")[1]
    assert re.search(r"main, suspended\n.*(\n.*)*in work\n", other)
    assert re.search(r"in_greenlet, running\n    File .*, in in_greenlet\n", other)
    assert re.search(r"hand_over, suspended\n    File .*, in hand_over\n", other)


def test_a_dump_goes_to_stderr(capsys):
    dump()
    captured = capsys.readouterr()
    assert captured.out == "" and "main, running" in captured.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_dump_from_a_signal_handler(program):
    printed = program("""
        import signal
        from libgreenlet import greenlet, getcurrent, dump
        signal.signal(signal.SIGUSR1, lambda *_: dump())
        def interrupted():
            signal.raise_signal(signal.SIGUSR1)
        def body():
            interrupted()
        greenlet(body).switch()
    """)
    assert re.search(r"body, running\n.*in body\n(.*\n)?.*in interrupted\n", printed)


@alone
def test_what_the_collector_was_told_to_forget():
    waiting = greenlet(hand_over)
    waiting.switch()
    gc.freeze()
    try:
        child = greenlet(None, waiting)
        assert [node.greenlet for node in tree()] == [getcurrent(), waiting, child]
    finally:
        gc.unfreeze()


def test_only_greenlets_are_inspected():
    with pytest.raises(TypeError):
        libgreenlet._greenlet.inspect(1)
