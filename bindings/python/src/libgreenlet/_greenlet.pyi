# SPDX-License-Identifier: MIT
import sys
from collections.abc import Callable
from contextvars import Context
from types import FrameType, TracebackType
from typing import Any, Literal, overload

from typing_extensions import TypeAlias, disjoint_base

_StackKind: TypeAlias = Literal["private", "shared", "thread"]
_TraceFunction: TypeAlias = Callable[[Literal["switch", "throw"], tuple[greenlet, greenlet]], object]

class error(Exception): ...

class GreenletExit(BaseException):
    """Ends a greenlet without a trace: its parent gets it as a value."""

@disjoint_base
class greenlet:
    """A function call that can wait. `parent` gets the outcome of `run`."""

    def __init__(self, run: Callable[..., Any] | None = None, parent: greenlet | None = None) -> None: ...
    def switch(self, *args: Any, **kwargs: Any) -> Any:
        """Passes arguments to it and goes on in it; returns what is passed back."""
    @overload
    def throw(self, typ: type[BaseException] = ..., val: object = None, tb: TracebackType | None = None, /) -> Any: ...
    @overload
    def throw(self, typ: BaseException, val: None = None, tb: TracebackType | None = None, /) -> Any: ...
    def __bool__(self) -> bool:
        """Was it started, and has not ended?"""
    @property
    def dead(self) -> bool: ...
    @property
    def gr_frame(self) -> FrameType | None:
        """The frame where it waits."""
    GreenletExit: type[GreenletExit]
    error: type[error]
    gr_context: Context | None
    parent: greenlet | None
    run: Callable[..., Any]
    __dict__: dict[str, Any]
    @property
    def _stack_saved(self) -> int: ...
    @staticmethod
    def getcurrent() -> greenlet: ...
    @staticmethod
    def gettrace() -> _TraceFunction | None: ...
    @staticmethod
    def settrace(callback: _TraceFunction | None, /) -> _TraceFunction | None: ...

def getcurrent() -> greenlet:
    """The greenlet that runs. A thread's first one is its main greenlet, which has no parent."""

def gettrace() -> _TraceFunction | None: ...
def settrace(callback: _TraceFunction | None, /) -> _TraceFunction | None:
    """Sets this thread's trace function and returns the one before it."""

def subscribe(callback: _TraceFunction, /) -> None:
    """Adds a trace function; `libgreenlet.subscribe()` is for users."""

def unsubscribe(callback: _TraceFunction, /) -> None: ...
def inspect(g: greenlet, /) -> tuple[str, int | None, object]:
    """Its state, its thread, and what it calls."""

def set_stack(kind: _StackKind, /) -> _StackKind:
    """Says where greenlets that start from now on run, in all threads; returns what it was. The README tells them apart."""

def enable_optional_cleanup(enabled: bool, /) -> None: ...
def get_clocks_used_doing_optional_cleanup() -> int | None: ...

CLOCKS_PER_SEC: int
GREENLET_USE_CONTEXT_VARS: bool
GREENLET_USE_GC: bool
GREENLET_USE_STANDARD_THREADING: bool
GREENLET_USE_TRACING: bool
_C_API: object

# For the tests of PyPI's greenlet.
class UnswitchableGreenlet(greenlet):
    force_switch_error: bool
    force_slp_switch_error: bool

def get_pending_cleanup_count() -> int: ...
def get_total_main_greenlets() -> int: ...
def set_thread_local(key: object, value: object, /) -> None: ...

if sys.version_info < (3, 13):
    def get_tstate_trash_delete_nesting() -> int: ...
