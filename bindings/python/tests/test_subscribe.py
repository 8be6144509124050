# SPDX-License-Identifier: MIT
"""subscribe(): any number of trace functions, beside settrace() (rule 27 in Python's form)."""

import sys
import threading

import pytest

from libgreenlet import error, getcurrent, gettrace, greenlet, settrace, subscribe

pytestmark = pytest.mark.usefixtures("stack")


def hand_over(value=None):
    return getcurrent().parent.switch(value)


def test_a_subscriber_sees_every_transfer():
    def body():
        hand_over()
        raise KeyError

    main, seen = getcurrent(), []
    with subscribe(lambda event, pair: seen.append((event, *pair))):
        g = greenlet(body)
        g.switch()
        main.switch()
        with pytest.raises(KeyError):
            g.switch()
    g2 = greenlet(hand_over)
    g2.switch()
    assert seen == [("switch", main, g), ("switch", g, main), ("switch", main, main), ("switch", main, g), ("throw", g, main)]


def test_subscribers_are_called_in_their_order_behind_settrace():
    seen = []
    settrace(lambda *_: seen.append("settrace"))
    first = subscribe(lambda *_: seen.append("first"))
    second = subscribe(lambda *_: seen.append("second"))
    try:
        getcurrent().switch()
        first.close()
        getcurrent().switch()
    finally:
        settrace(None)
        second.close()
        first.close()
    getcurrent().switch()
    assert seen == ["settrace", "first", "second", "settrace", "second"]


def test_the_same_function_may_subscribe_twice():
    def callback(event, pair):
        seen.append(1)

    seen = []
    with subscribe(callback), subscribe(callback):
        getcurrent().switch()
    getcurrent().switch()
    assert seen == [1, 1]


def test_settrace_knows_nothing_of_subscribers():
    with subscribe(lambda *_: None):
        assert gettrace() is None
        assert settrace(None) is None


def test_an_error_of_a_subscriber_is_reported_and_nothing_else(monkeypatch):
    def fails(event, pair):
        raise KeyError("from the subscriber")

    seen, reported = [], []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: reported.append(repr(report.exc_value)))
    with subscribe(fails), subscribe(lambda event, pair: seen.append(event)):
        g = greenlet(hand_over)
        assert g.switch() is None
        with pytest.raises(ValueError):
            g.throw(ValueError("on its way"))
    assert seen == ["switch", "switch", "throw", "throw"] and reported == ["KeyError('from the subscriber')"] * 4


def test_an_error_of_the_trace_function_is_seen_by_subscribers_as_the_transfer_it_was():
    def fails(event, pair):
        raise KeyError

    seen = []
    g = greenlet(hand_over)
    settrace(fails)
    with subscribe(lambda event, pair: seen.append(event)):
        with pytest.raises(KeyError):
            g.switch()
    assert seen[0] == "switch" and gettrace() is None


def test_a_thread_has_its_own_subscribers():
    seen = []

    def work():
        with pytest.raises(ValueError):
            subscription.close()
        getcurrent().switch()

    with subscribe(lambda *_: seen.append(threading.get_ident())) as subscription:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        getcurrent().switch()
    assert seen == [threading.get_ident()]


def test_a_subscription_may_end_in_a_call():
    def once(event, pair):
        seen.append(event)
        subscription.close()

    seen = []
    subscription = subscribe(once)
    getcurrent().switch()
    getcurrent().switch()
    assert seen == ["switch"]


def test_a_subscription_may_begin_in_a_call():
    def more(event, pair):
        if not inner:
            inner.append(subscribe(lambda *_: seen.append("inner")))

    seen, inner = [], []
    with subscribe(more):
        getcurrent().switch()
        assert seen == []
        getcurrent().switch()
    inner[0].close()
    assert seen == ["inner"]


def test_a_subscriber_may_switch():
    """Nothing forbids it, as for settrace(); it sees its own switches too."""

    def switches(event, pair):
        if not nested:
            nested.append(1)
            assert greenlet(lambda: "ran").switch() == "ran"
            nested.append(2)

    nested = []
    with subscribe(switches):
        g = greenlet(hand_over)
        assert g.switch("a") is not None
    assert nested == [1, 2]


def test_a_kill_is_seen_and_may_be_kept():
    kept, events = [], []
    g = greenlet(hand_over)
    g.switch()
    with subscribe(lambda event, pair: (events.append(event), kept.extend(pair))):
        del g
    assert events == ["throw", "switch"]
    assert kept[1].dead and kept[1] is kept[2]


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError):
        subscribe(None)


def test_refusals_are_no_transfers():
    """Rule 9."""
    g = greenlet()
    seen = []
    with subscribe(lambda *_: seen.append(1)):
        with pytest.raises(AttributeError):
            g.switch()
        with pytest.raises(error):
            switch_to_another_threads_main()
    assert seen == []


def switch_to_another_threads_main():
    others = []
    finish, ready = threading.Event(), threading.Event()

    def work():
        others.append(getcurrent())
        ready.set()
        finish.wait()

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    try:
        others[0].switch()
    finally:
        finish.set()
        thread.join()
