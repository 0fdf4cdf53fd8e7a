"""One file per picture format; the painter of the screen draws them all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qviz.document.codec import write_atomically
from qviz.errors import QvizError

if TYPE_CHECKING:
    from qviz.ui.export.picture import Picture


def write(picture: Picture, path: Path) -> None:
    """Write a picture, in the format that the file's ending names; needs no display.

    Raises:
        QvizError: No such format or stage, the picture is too large, or the file cannot be written.
    """
    from qviz.ui.export import png, svg

    formats = {".png": png.encode, ".svg": svg.encode}
    encode = formats.get(path.suffix.lower())
    if encode is None:
        raise QvizError(f"qviz writes no {path.suffix or 'file without an ending'}", f"Use {' or '.join(formats)}.")
    write_atomically(path, encode(picture))
