"""Finds the files of resources/ and of docs/, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path


def asset(relative: str) -> Path:
    """Return the path of a resource such as ``themes/light.json``, or of a page such as ``docs/canvas.md``.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "resources", package.parent / "resources", package.parent):
        path = root / relative
        if path.exists():
            return path
    raise FileNotFoundError(f"qviz is installed without its resource {relative}")
