# SPDX-License-Identifier: MIT
"""Switching in the middle of whatever Python code there is (rules 6, 10, 21)."""

import asyncio
import collections
import copy
import functools
import pickle
import sys
import weakref

import pytest

from libgreenlet import GreenletExit, error, getcurrent, greenlet

pytestmark = pytest.mark.usefixtures("stack")


def hand_over(value=None):
    """Lets the parent run, with a value."""
    return getcurrent().parent.switch(value)


def test_a_generator_may_be_resumed_by_another_greenlet():
    def numbers():
        for n in range(4):
            hand_over(("inside", n))
            yield n

    shared = numbers()
    first, second = greenlet(lambda: next(shared)), greenlet(lambda: next(shared))
    assert first.switch() == ("inside", 0)
    with pytest.raises(ValueError, match="generator already executing"):
        next(shared)
    assert first.switch() == 0
    assert second.switch() == ("inside", 1)
    assert second.switch() == 1


def test_a_suspended_generator_survives_its_greenlet():
    def numbers():
        try:
            yield 1
            yield 2
        finally:
            closed.append(getcurrent())

    closed = []
    generator = numbers()
    assert greenlet(lambda: next(generator)).switch() == 1
    assert next(generator) == 2
    generator.close()
    assert closed == [getcurrent()]


def test_yield_from_chains_with_switches_at_each_level():
    def level(depth):
        hand_over(depth)
        if depth:
            yield from level(depth - 1)
        yield depth

    g = greenlet(lambda: list(level(20)))
    assert [g.switch() for _ in range(21)] == list(range(20, -1, -1))
    assert g.switch() == list(range(21))


def test_generators_of_two_greenlets_interleave():
    def count(name):
        for n in range(3):
            yield name, hand_over(n)

    a, b = greenlet(lambda: list(count("a"))), greenlet(lambda: list(count("b")))
    assert [a.switch(), b.switch()] == [0, 0]
    assert [b.switch("v"), a.switch("w"), a.switch("x"), b.switch("y")] == [1, 1, 2, 2]
    assert a.switch("z") == [("a", "w"), ("a", "x"), ("a", "z")]
    assert b.switch("z") == [("b", "v"), ("b", "y"), ("b", "z")]


def test_a_throw_passes_through_generators():
    def inner():
        try:
            hand_over()
        finally:
            seen.append("inner")
        yield

    def outer():
        try:
            yield from inner()
        except KeyError:
            seen.append("outer")
            yield "caught"

    seen = []
    g = greenlet(lambda: list(outer()))
    g.switch()
    assert g.throw(KeyError) == ["caught"]
    assert seen == ["inner", "outer"]


def test_an_asynchronous_generator_may_switch():
    async def numbers():
        for n in range(3):
            yield hand_over(n)

    async def collect():
        return [n async for n in numbers()]

    def run():
        coroutine = collect()
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value

    g = greenlet(run)
    assert [g.switch(), g.switch("a"), g.switch("b")] == [0, 1, 2]
    assert g.switch("c") == ["a", "b", "c"]


def test_a_coroutine_may_wait_in_one_greenlet_and_go_on_in_another():
    class Future:
        def __await__(self):
            return (yield self)

    async def work():
        return await Future(), await Future()

    coroutine = work()
    greenlet(coroutine.send).switch(None)
    greenlet(coroutine.send).switch(1)
    with pytest.raises(StopIteration) as end:
        greenlet(coroutine.send).switch(2)
    assert end.value.value == (1, 2)


def test_an_event_loop_runs_in_a_greenlet():
    async def sleeper(n):
        await asyncio.sleep(0)
        hand_over(n)
        await asyncio.sleep(0)
        return n

    async def gather():
        return await asyncio.gather(*(sleeper(n) for n in range(5)))

    g = greenlet(lambda: asyncio.run(gather()))
    assert sorted(g.switch() for _ in range(5)) == list(range(5))
    assert g.switch() == list(range(5))


def test_blocking_style_over_asyncio():
    """As SQLAlchemy does it: a function that is not async awaits by switching to the coroutine that runs it."""

    def await_(awaitable):
        return getcurrent().parent.switch(awaitable)

    async def spawn(function, *args):
        g = greenlet(function)
        g.gr_context = None
        result = g.switch(*args)
        while g:
            try:
                value = await result
            except BaseException as error:
                result = g.throw(error)
            else:
                result = g.switch(value)
        return result

    def work(n):
        await_(asyncio.sleep(0))
        try:
            await_(asyncio.wait_for(asyncio.sleep(100), 0))
        except asyncio.TimeoutError:
            return n * 2

    async def gather():
        return await asyncio.gather(*(spawn(work, n) for n in range(10)))

    assert asyncio.run(gather()) == [n * 2 for n in range(10)]


def test_sort_keys_and_comparisons_may_switch():
    def key(n):
        hand_over(n)
        return -n

    @functools.cmp_to_key
    def compare(a, b):
        hand_over()
        return b - a

    sorters = [greenlet(lambda k=k: sorted(range(5), key=k)) for k in (key, compare, key, compare)]
    results = {}
    while len(results) < 4:
        for g in sorters:
            if not g.dead:
                answer = g.switch()
                if g.dead:
                    results[g] = answer
    assert [results[g] for g in sorters] == [[4, 3, 2, 1, 0]] * 4


def test_a_list_that_is_sorted_notices_changes_by_another_greenlet():
    numbers = [3, 1, 2]
    g = greenlet(lambda: numbers.sort(key=lambda n: hand_over() or n))
    g.switch()
    numbers.append(0)
    g.switch()
    with pytest.raises(ValueError, match="list modified during sort"):
        g.switch(), g.switch()


def test_containers_call_code_that_switches():
    class Key:
        def __hash__(self):
            hand_over("hash")
            return 1

        def __eq__(self, other):
            hand_over("eq")
            return self is other

    def body():
        table = {Key(): "a", Key(): "b"}
        return len(table), sorted(table.values())

    g = greenlet(body)
    steps = []
    while not g.dead:
        steps.append(g.switch())
    assert steps == ["hash", "hash", "eq", (2, ["a", "b"])]


def test_iterators_in_c_call_code_that_switches():
    def body():
        numbers = map(lambda n: hand_over(n) or n, filter(lambda n: not hand_over(n), range(3)))
        return functools.reduce(lambda a, b: hand_over((a, b)) or a + b, numbers)

    g = greenlet(body)
    steps = []
    while not g.dead:
        steps.append(g.switch())
    assert steps == [0, 0, 1, 1, (0, 1), 2, 2, (1, 2), 3]


def test_attributes_and_properties_may_switch():
    class Lazy:
        def __getattr__(self, name):
            return hand_over(name)

        def __del__(self):
            deleted.append(hand_over("del"))

    deleted = []

    def body():
        lazy = Lazy()
        value = lazy.anything
        del lazy
        return value

    g = greenlet(body)
    assert g.switch() == "anything"
    assert g.switch("value") == "del"
    assert g.switch("went on") == "value"
    assert deleted == ["went on"]


def test_a_weakref_callback_may_switch():
    class Thing:
        pass

    def body():
        thing = Thing()
        reference = weakref.ref(thing, lambda _: seen.append(hand_over("called back")))
        del thing
        return reference()

    seen = []
    g = greenlet(body)
    assert g.switch() == "called back"
    assert g.switch("went on") is None
    assert seen == ["went on"]


def test_weak_references_to_greenlets():
    gone = []
    g = greenlet(hand_over)
    reference = weakref.ref(g, gone.append)
    g.switch()
    assert reference() is g
    del g
    assert reference() is None and gone == [reference]


def test_a_weak_dictionary_of_greenlets_empties():
    table = weakref.WeakKeyDictionary()
    greenlets = [greenlet(hand_over) for _ in range(10)]
    for number, g in enumerate(greenlets):
        table[g] = number
        if number % 2:
            g.switch()
    assert len(table) == 10
    del greenlets, g
    assert len(table) == 0


def test_an_import_may_switch(tmp_path, monkeypatch):
    (tmp_path / "imports_and_switches.py").write_text(
        "from libgreenlet import getcurrent\nvalue = getcurrent().parent.switch('importing')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "imports_and_switches", raising=False)

    def body():
        import imports_and_switches

        return imports_and_switches.value

    g = greenlet(body)
    assert g.switch() == "importing"
    assert g.switch("value") == "value"


@pytest.mark.parametrize("state", ["unstarted", "suspended", "dead", "main"])
def test_greenlets_are_neither_copied_nor_pickled(state):
    g = getcurrent() if state == "main" else greenlet(hand_over)
    if state in ("suspended", "dead"):
        g.switch()
    if state == "dead":
        g.switch()
    for refused in (copy.copy, copy.deepcopy, pickle.dumps, lambda g: pickle.dumps(g, 0)):
        with pytest.raises(TypeError):
            refused(g)


def test_a_greenlet_is_hashable_and_equal_to_itself_alone():
    a, b = greenlet(), greenlet()
    assert len({a, b, a}) == 2 and a != b and a == a


def test_finally_blocks_and_with_statements_end_with_a_kill():
    class Manager:
        def __enter__(self):
            log.append("enter")

        def __exit__(self, kind, value, traceback):
            log.append(kind)

    def body():
        try:
            with Manager():
                hand_over()
        finally:
            log.append("finally")

    log = []
    g = greenlet(body)
    g.switch()
    del g
    assert log == ["enter", GreenletExit, "finally"]


def test_a_subclass_may_do_as_it_likes():
    class Stack(greenlet):
        def __init__(self, items):
            super().__init__()
            self.items = collections.deque(items)

        def run(self, *args, **kwargs):
            return args, kwargs, list(self.items), self is getcurrent()

    assert Stack("ab").switch(1, key=2) == ((1,), {"key": 2}, ["a", "b"], True)


def test_a_subclass_with_slots():
    class Slotted(greenlet):
        __slots__ = ("tag",)

        def run(self):
            self.tag = hand_over()
            return self.tag

    g = Slotted()
    g.switch()
    assert g.switch("tag") == g.tag == "tag"


def test_a_refused_call_changes_nothing():
    """Rule 9."""
    g = greenlet()
    with pytest.raises(AttributeError, match="run"):
        g.switch()
    assert not g and not g.dead
    with pytest.raises(TypeError):
        g.throw(1)
    with pytest.raises(TypeError):
        g.throw(KeyError("instance"), "value")
    with pytest.raises(TypeError):
        g.throw(KeyError, None, "no traceback")
    assert not g.dead
    g.run = lambda: "runs"
    assert g.switch() == "runs"
    assert issubclass(error, Exception) and not issubclass(GreenletExit, Exception)
