"""Seams and ghosts of a picture that is broken into columns: each goes where its rows go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QRectF

from qviz.layout.wrap import ColumnSpan
from qviz.ui.canvas.ghosts import NO_GHOSTS, Ghost, Ghosts
from qviz.ui.canvas.scene import SeamBand

OVER = 10.0
"""How far a band reaches beyond its column."""


class PaneGround(NamedTuple):
    """What a stage shows of the one beside, as it was placed: seams, and ghosts where changes are shown."""

    bands: tuple[SeamBand, ...] = ()
    ghosts: Ghosts = NO_GHOSTS


def grounds_in_columns(ground: PaneGround, columns: Sequence[ColumnSpan]) -> PaneGround:
    """Return what belongs to the rows of a stage in the places that these have in columns; as it is without any."""
    if not columns:
        return ground
    bands = tuple(part for band in ground.bands for part in _parts(band, columns))
    whole = ground.ghosts
    alone = [moved for each in whole.alone if (moved := _moved(each, columns)) is not None]
    fused = []
    for each in whole.fused.values():
        column = next((span for span in columns if _holds(span, each.rect)), None)
        parts = [moved for part in each.parts if (moved := _moved(part, columns)) is not None]
        if column is not None:
            fused.append(each._replace(rect=each.rect.translated(*column.shift), parts=tuple(parts)))
        else:  # its parts are in the next column, and no box runs from one to the other
            alone += parts
    return PaneGround(bands, whole.moved_to(alone, fused))


def _parts(band: SeamBand, columns: Sequence[ColumnSpan]) -> Iterator[SeamBand]:
    """Yield what each column has of a band; the first part says what it is."""
    words = band.words
    for span in columns:
        top, bottom = max(band.rect.top(), span.begin), min(band.rect.bottom(), span.end)
        if bottom > top:
            wide = span.right - span.left + 2 * OVER
            rect = QRectF(span.left - OVER, top + span.shift.y, wide, bottom - top)
            yield band._replace(rect=rect, words=words, is_bounded=True)
            words = ""


def _moved(ghost: Ghost, columns: Sequence[ColumnSpan]) -> Ghost | None:
    y = ghost.rect.center().y()
    column = next((span for span in columns if span.begin <= y < span.end), None)
    return ghost._replace(rect=ghost.rect.translated(*column.shift)) if column is not None else None


def _holds(span: ColumnSpan, rect: QRectF) -> bool:
    return span.begin <= rect.top() and rect.bottom() <= span.end
