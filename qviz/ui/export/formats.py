"""The picture formats, by the ending of a file's name; each is a file of this folder, or of another package."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from qviz.registry import Registry
from qviz.words import mark

if TYPE_CHECKING:
    from qviz.ui.export.picture import Picture


class PictureFormat(NamedTuple):
    """One format.

    Attributes:
        title: What file dialogs call it.
        encode: Returns the bytes of a picture; imports what it needs when it is called.
    """

    title: str
    encode: Callable[[Picture], bytes]


PICTURE_FORMATS: Registry[PictureFormat] = Registry("picture format")
"""By ending, such as ``.svg``; the first is what file dialogs suggest. Register one of your own to write it too."""


def _svg(picture: Picture) -> bytes:
    from qviz.ui.export import svg

    return svg.encode(picture)


def _png(picture: Picture) -> bytes:
    from qviz.ui.export import png

    return png.encode(picture)


PICTURE_FORMATS.add(".svg", PictureFormat(mark("SVG"), _svg))
PICTURE_FORMATS.add(".png", PictureFormat(mark("PNG"), _png))
