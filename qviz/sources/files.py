"""Makes sources mean the same wherever qviz is started."""

from __future__ import annotations

import os

from qviz.sources.kinds import code_file


def absolute(source: str) -> str:
    """Return a source that means the same wherever qviz is started."""
    file = code_file(source)
    return os.path.abspath(os.path.expanduser(file)) + source[len(file) :] if file else source
