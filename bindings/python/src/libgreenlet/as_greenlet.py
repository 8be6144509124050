# SPDX-License-Identifier: MIT
"""Import this first, and `import greenlet` is libgreenlet's in this process.

The folder `shim`, which holds a package `greenlet` and its metadata, goes to the front of `sys.path`: imports, importlib.metadata and processes
that multiprocessing starts all go by that. Raises ImportError where it comes too late.
"""

import importlib
import sys
from pathlib import Path

import libgreenlet

SHIM = str(Path(libgreenlet.__file__).parent / "shim")


def _is_ours() -> bool:
    return getattr(sys.modules.get("greenlet"), "greenlet", None) is libgreenlet.greenlet


def _source() -> str:
    return getattr(sys.modules["greenlet"], "__file__", None) or "somewhere"


if "greenlet" in sys.modules:
    if not _is_ours():
        raise ImportError(f"greenlet is already imported, from {_source()}: import libgreenlet.as_greenlet before anything that uses it")
else:
    sys.path.insert(0, SHIM)
    importlib.import_module("greenlet")
    if not _is_ours():
        raise ImportError(f"an import hook found another greenlet first, in {_source()}")
