"""The picture formats, by the ending of a file's name; each is a file of this folder, or of another package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        files: Of a format that is more than one file: returns all of them by name, given the name of the first.
    """

    title: str
    encode: Callable[[Picture], bytes]
    files: Callable[[Picture, str], Mapping[str, bytes]] | None = None


PICTURE_FORMATS: Registry[PictureFormat] = Registry("picture format")
"""By ending, such as ``.svg``; the first is what file dialogs suggest. Register one of your own to write it too."""


def _svg(picture: Picture) -> bytes:
    from qviz.ui.export import svg

    return svg.encode(picture)


def _png(picture: Picture) -> bytes:
    from qviz.ui.export import png

    return png.encode(picture)


def _pdf(picture: Picture) -> bytes:
    from qviz.ui.export import pdf

    return pdf.encode(picture)


def _dot(picture: Picture) -> bytes:
    from qviz.ui.export import dot

    return dot.encode(picture)


def _markdown(picture: Picture) -> bytes:
    from qviz.ui.export import markdown

    return markdown.encode(picture)


def _files_of_markdown(picture: Picture, name: str) -> Mapping[str, bytes]:
    from qviz.ui.export import markdown

    return markdown.files(picture, name)


PICTURE_FORMATS.add(".svg", PictureFormat(mark("SVG"), _svg))
PICTURE_FORMATS.add(".png", PictureFormat(mark("PNG"), _png))
PICTURE_FORMATS.add(".pdf", PictureFormat(mark("PDF"), _pdf))
PICTURE_FORMATS.add(".dot", PictureFormat(mark("DOT"), _dot))
PICTURE_FORMATS.add(".md", PictureFormat(mark("Markdown report"), _markdown, _files_of_markdown))
