# SPDX-License-Identifier: MIT
"""Any number of trace functions beside the one of `settrace()`."""

import functools
from types import TracebackType
from typing import Callable, Literal, Optional

from . import _greenlet
from ._greenlet import greenlet


class Subscription:
    """What `subscribe()` gives: `close()` ends it, and so does the end of a `with` block."""

    def __init__(self, callback: Callable[[Literal["switch", "throw"], tuple[greenlet, greenlet]], object]) -> None:
        self._callback: Optional[functools.partial[object]] = functools.partial(callback)  # an object of its own for each subscription
        _greenlet.subscribe(self._callback)

    def close(self) -> None:
        """No more calls. Once is enough; in another thread than that of `subscribe()`: ValueError."""
        if self._callback is not None:
            _greenlet.unsubscribe(self._callback)
            self._callback = None

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]) -> None:
        self.close()


def subscribe(callback: Callable[[Literal["switch", "throw"], tuple[greenlet, greenlet]], object]) -> Subscription:
    """Calls `callback(event, (origin, target))` after each transfer of the calling thread, in the greenlet that is switched to.

    The event is "switch" or "throw", as for `settrace()`, whose function is called first and knows nothing of subscribers. They are called in the order in
    which they came. What one raises goes to `sys.unraisablehook`; the transfer and the other subscribers go on, and so does its subscription. While
    they run, `sys.settrace()` and `sys.setprofile()` do not see them.

        with libgreenlet.subscribe(lambda event, pair: print(event, *pair)):
            work()
    """
    return Subscription(callback)
