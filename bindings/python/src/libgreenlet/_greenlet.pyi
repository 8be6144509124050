# SPDX-License-Identifier: MIT
from collections.abc import Callable
from contextvars import Context
from types import FrameType, TracebackType
from typing import Any, Literal, Union, overload

from typing_extensions import TypeAlias

_TraceFunction: TypeAlias = Callable[[Literal["switch", "throw"], tuple[greenlet, greenlet]], object]

class error(Exception): ...

class GreenletExit(BaseException):
    """Ends a greenlet without a trace: its parent gets it as a value."""

class greenlet:
    """A function call that can wait. `parent` gets the outcome of `run`."""

    def __init__(self, run: Union[Callable[..., Any], None] = None, parent: Union[greenlet, None] = None) -> None: ...
    def switch(self, *args: Any, **kwargs: Any) -> Any:
        """Passes arguments to it and goes on in it; returns what is passed back."""
    @overload
    def throw(self, typ: type[BaseException] = ..., val: object = None, tb: Union[TracebackType, None] = None, /) -> Any: ...
    @overload
    def throw(self, typ: BaseException, val: None = None, tb: Union[TracebackType, None] = None, /) -> Any: ...
    def __bool__(self) -> bool:
        """Was it started, and has not ended?"""
    @property
    def dead(self) -> bool: ...
    @property
    def gr_frame(self) -> Union[FrameType, None]:
        """The frame where it waits."""
    gr_context: Union[Context, None]
    parent: Union[greenlet, None]
    run: Callable[..., Any]
    __dict__: dict[str, Any]
    @property
    def _stack_saved(self) -> int: ...
    @staticmethod
    def getcurrent() -> greenlet: ...
    @staticmethod
    def gettrace() -> Union[_TraceFunction, None]: ...
    @staticmethod
    def settrace(callback: Union[_TraceFunction, None], /) -> Union[_TraceFunction, None]: ...

def getcurrent() -> greenlet:
    """The greenlet that runs. A thread's first one is its main greenlet, which has no parent."""

def gettrace() -> Union[_TraceFunction, None]: ...
def settrace(callback: Union[_TraceFunction, None], /) -> Union[_TraceFunction, None]:
    """Sets this thread's trace function and returns the one before it."""

def subscribe(callback: _TraceFunction, /) -> None:
    """Adds a trace function; `libgreenlet.subscribe()` is for users."""

def unsubscribe(callback: _TraceFunction, /) -> None: ...
def inspect(g: greenlet, /) -> tuple[str, Union[int, None], object]:
    """Its state, its thread, and what it calls."""

def set_stack(kind: Literal["private", "shared", "thread"], /) -> None:
    """Says where greenlets that are made from now on run."""

def enable_optional_cleanup(enabled: bool, /) -> None: ...
def get_clocks_used_doing_optional_cleanup() -> Union[int, None]: ...

CLOCKS_PER_SEC: int
GREENLET_USE_CONTEXT_VARS: bool
GREENLET_USE_GC: bool
GREENLET_USE_STANDARD_THREADING: bool
GREENLET_USE_TRACING: bool
_C_API: object
