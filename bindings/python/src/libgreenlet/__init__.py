# SPDX-License-Identifier: MIT
"""Greenlets: function calls that can wait. The names of PyPI's `greenlet`, and what libgreenlet adds.

To have code that says `import greenlet` use these, `import libgreenlet.as_greenlet` before it.
"""

from pathlib import Path

from ._family import Node, dump, tree
from ._greenlet import (
    _C_API,
    CLOCKS_PER_SEC,
    GREENLET_USE_CONTEXT_VARS,
    GREENLET_USE_GC,
    GREENLET_USE_STANDARD_THREADING,
    GREENLET_USE_TRACING,
    GreenletExit,
    enable_optional_cleanup,
    error,
    get_clocks_used_doing_optional_cleanup,
    getcurrent,
    gettrace,
    greenlet,
    set_stack,
    settrace,
)
from ._record import Recorder, record
from ._subscribe import Subscription, subscribe

__version__ = "0.9.0"

__all__ = [
    "_C_API",
    "CLOCKS_PER_SEC",
    "GREENLET_USE_CONTEXT_VARS",
    "GREENLET_USE_GC",
    "GREENLET_USE_STANDARD_THREADING",
    "GREENLET_USE_TRACING",
    "GreenletExit",
    "Node",
    "Recorder",
    "Subscription",
    "__version__",
    "dump",
    "enable_optional_cleanup",
    "error",
    "get_clocks_used_doing_optional_cleanup",
    "get_include",
    "getcurrent",
    "gettrace",
    "greenlet",
    "record",
    "set_stack",
    "settrace",
    "subscribe",
    "tree",
]


def get_include() -> str:
    """The folder to give to a C compiler, for `#include <greenlet/greenlet.h>`."""
    return str(Path(__file__).parent / "shim")
