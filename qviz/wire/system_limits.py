"""Limits that a shell sets with `ulimit`, which an engine inherits, and that of them at which it ended."""

from __future__ import annotations

import re

from qviz.document.graph import Json
from qviz.wire.memory import GIB

_LACKS_MEMORY = re.compile(
    r"failed to map segment|cannot allocate memory|can't allocate memory|MemoryError|bad_alloc|out of memory",
    re.IGNORECASE,
)
_OF_MEMORY = (("RLIMIT_AS", "ulimit -v", "address_space"), ("RLIMIT_DATA", "ulimit -d", "data_segment"))


def reached_in(last_words: str) -> dict[str, Json]:
    """Return the limit of memory at which an engine ended, by what it said last; nothing if there is none."""
    if not _LACKS_MEMORY.search(last_words):
        return {}
    try:
        import resource
    except ImportError:  # Windows
        return {}
    for name, command, what in _OF_MEMORY:
        most = resource.getrlimit(getattr(resource, name))[0]
        if most != resource.RLIM_INFINITY:
            return {
                "gib": most / GIB,
                "limit": command,
                "what": {"code": what, "roles": {}, "args": {}, "part": "text"},
            }
    return {}
