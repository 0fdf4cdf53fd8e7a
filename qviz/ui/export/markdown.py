"""A report in Markdown, with its picture in a file beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from qviz.analysis.verdicts.review import LinkedPicture, review
from qviz.ui.export import svg
from qviz.ui.export.picture import Picture

NAME = "review.md"


def encode(picture: Picture) -> bytes:
    """Return the bytes of the report alone."""
    return files(picture, NAME)[NAME]


def files(picture: Picture, name: str) -> Mapping[str, bytes]:
    """Return the report, and the picture to which it links, by their names."""
    drawn = f"{PurePath(name).stem}-graph.svg"
    text = review(picture.snapshot, picture.title, [LinkedPicture(picture.alternative, drawn)])
    return {name: text.encode(), drawn: svg.encode(picture)}
