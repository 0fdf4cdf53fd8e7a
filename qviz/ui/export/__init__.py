"""Pictures in files; the painter of the screen draws them all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qviz.document.codec import write_atomically
from qviz.ui.export.formats import PICTURE_FORMATS

if TYPE_CHECKING:
    from qviz.ui.export.picture import Picture


def write(picture: Picture, path: Path) -> None:
    """Write a picture, in the format that the file's ending names; needs no display.

    Raises:
        QvizError: No such format or stage, the picture is too large, or the file cannot be written.
    """
    encode = PICTURE_FORMATS[path.suffix.lower()].encode
    write_atomically(path, encode(picture))
