"""Imports the packages that extend qviz: what they register on import, its registries then hold.

A package names its modules in the entry points of its distribution::

    [project.entry-points."qviz.extensions"]
    my_formats = "my_package.qviz_formats"

They are imported in every process of qviz, so a module that needs torch or Qt imports it where it is used.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from threading import Lock

GROUP = "qviz.extensions"

_lock = Lock()
_loaded: list[str] | None = None


def load_extensions() -> tuple[str, ...]:
    """Import all extensions that are installed, once; return the names of those that could be imported.

    Whoever asks while another thread imports them waits for it. One that fails is named in the log and left out: it
    must not keep qviz from starting.
    """
    global _loaded  # noqa: PLW0603 - a process has its extensions once, whichever window or command asks
    with _lock:
        if _loaded is None:
            _loaded = _import_all()
        return tuple(_loaded)


def _import_all() -> list[str]:
    if not _may_be_installed():
        return []
    from importlib.metadata import entry_points

    loaded = []
    for each in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            each.load()
        except Exception:  # another package's import may raise anything
            import logging

            log = logging.getLogger(__name__)
            log.exception("the extension %s (%s) could not be imported", each.name, each.value)
        else:
            loaded.append(each.name)
    return loaded


def _may_be_installed() -> bool:
    """Tell whether any distribution names the group; `importlib.metadata` alone costs a third of `qviz flows`.

    Where packages are not plain folders it says yes, and `importlib.metadata` has to look.
    """
    if any(hasattr(finder, "find_distributions") and finder is not PathFinder for finder in sys.meta_path):
        return True  # a finder of another package's
    for folder in sys.path:
        try:
            names = os.listdir(folder or os.curdir)
        except NotADirectoryError:
            return True  # an archive
        except OSError:
            continue  # not there, or not readable: no package can come from it
        for name in names:
            if name.lower().endswith((".dist-info", "egg-info")) and _names_group(folder, name):
                return True
    return False


def _names_group(folder: str, distribution: str) -> bool:
    try:
        with open(os.path.join(folder or os.curdir, distribution, "entry_points.txt"), "rb") as file:
            return GROUP.encode() in file.read()
    except OSError:
        return False  # most have no entry points
