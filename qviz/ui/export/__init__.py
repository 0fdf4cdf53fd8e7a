"""Pictures in files; the painter of the screen draws them all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qviz.document.writing import write_atomically
from qviz.ui.export.formats import PICTURE_FORMATS

if TYPE_CHECKING:
    from qviz.ui.export.picture import Picture


def write(picture: Picture, path: Path) -> None:
    """Write a picture, in the format that the file's ending names; needs no display.

    Raises:
        QvizError: No such format or stage, the picture is too large, or the file cannot be written.
    """
    keep(files(picture, path.suffix.lower(), path.name), picture, path)


def files(picture: Picture, ending: str, name: str) -> Mapping[str, bytes]:
    """Return what a format writes of a picture: its file, and those that it refers to, by name.

    Raises:
        QvizError: No such format, or the picture is too large.
    """
    chosen = PICTURE_FORMATS[ending]
    return chosen.files(picture, name) if chosen.files is not None else {name: chosen.encode(picture)}


def keep(encoded: Mapping[str, bytes], picture: Picture, path: Path) -> None:
    """Write what was encoded under a name that was chosen since.

    Raises:
        QvizError: The file cannot be written.
    """
    if len(encoded) == 1:
        encoded = {path.name: next(iter(encoded.values()))}
    elif path.name not in encoded:  # a file that names the others
        encoded = files(picture, path.suffix.lower(), path.name)
    for name, data in encoded.items():
        write_atomically(path.with_name(name), data)
