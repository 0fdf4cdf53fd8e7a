"""Names a file of the model from the folder where the check runs, as people and as other programs read it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote


def shown(file: str, folder: Path) -> str:
    """Return the path relative to a folder that holds it, else as it is."""
    below = _below(file, folder)
    return file if below is None else str(below)


def inside(file: str, folder: Path) -> str | None:
    """Return the relative URI of a file below a folder; None for any other."""
    below = _below(file, folder)
    return None if below is None else quote(below.as_posix())


def uri(file: str) -> str:
    """Return the URI of a file wherever it is."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _below(file: str, folder: Path) -> Path | None:
    path = Path(file)
    if not path.is_absolute():
        return None if ".." in path.parts else path
    return path.relative_to(folder) if path.is_relative_to(folder) else None
