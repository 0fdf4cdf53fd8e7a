"""Imports the packages that extend qviz: what they register on import, its registries then hold.

A package names its modules in the entry points of its distribution::

    [project.entry-points."qviz.extensions"]
    my_formats = "my_package.qviz_formats"

They are imported in every process of qviz, so a module that needs torch or Qt imports it where it is used.
"""

from __future__ import annotations

import logging
from threading import Lock

GROUP = "qviz.extensions"

_log = logging.getLogger(__name__)
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
    from importlib.metadata import entry_points  # a quarter of the start of a window

    loaded = []
    for each in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            each.load()
        except Exception:  # another package's import may raise anything
            _log.exception("the extension %s (%s) could not be imported", each.name, each.value)
        else:
            loaded.append(each.name)
    return loaded
