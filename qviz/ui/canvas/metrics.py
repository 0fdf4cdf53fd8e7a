"""How large each box must be for its text, with the shipped font."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtGui import QFont

from qviz.analysis.views.view import Badge, Box, View
from qviz.document.graph import WATCHING, Kind
from qviz.layout.place import Size
from qviz.ui.canvas.fonts import group_font, label_font, subtitle_font, title_font, width
from qviz.words import trn

WIDEST = 280.0
"""Longer texts are shortened in their middle."""
TITLE_ROW = 17.0
SUBTITLE_ROW = 15.0
BADGE_ROW = 20.0
BADGE_HEIGHT = 15.0
BADGE_GAP = 4.0
BADGE_PAD = 6.0
PAD_Y = 5.0
SLANT = 14.0
"""How far a trapezoid's or a hexagon's short side stands back."""
ICON = 20.0
"""The room of the eye or the stair."""
STACK = 4.0
"""How far the card behind a folded group shows, to the right and below."""
GROUP_LEAD = 26.0
"""The room of a folded group's triangle, before its text."""
GROUP_PAD = 14.0
DOUBLE = 5.0
"""The second left edge of a fused operator."""
TWO_ROWS = 31.0
"""The height from which a box has room for two rows of text."""
ROW = 26.0
"""The height of a box with one row of text."""
AFTER_SIDE = 6.0
"""From a bar at the side to the text."""
COLUMN, COLUMN_LEAST = 64.0, 52.0
"""The width of a column of numbers, and where a box is small."""
NAME_LEAST = 44.0
"""So much room is left for a name beside numbers."""
BESIDE = 7.0
"""Between a title and what stands beside it in one row."""
CLAUSE = " · "
"""Between the parts of a second text; the first is kept longest."""
AT_END = 12.0
"""Between what stands beside a title and the precision at the right end of a row."""
SEAM_SIGN = "···"
"""Before the words of a seam; the shipped font has no sign of three dots on a line."""
SEAM_HEIGHT = 10.0
"""What lower boxes get is lines that miss their middle (graphlay)."""
SEAM_OVER = 4.0
"""How far a seam's band reaches into the gaps above and below."""
SEAM_AIR = 14.0
"""How far a seam's words may reach beyond it."""
SEAM_TEXT = 20.0
"""From the left edge of a seam to its words; its line runs before them."""
LEAST = 0.85
"""The smallest scale of a first view: rows of 22 pixels, in which texts keep their size."""
LEAST_NARROW = 0.75
"""The smallest scale of a first view of what is wide: rows of 20 pixels."""
NAMES_FROM = 0.54
"""The smallest scale at which boxes with one row have their names."""
NEAR = 4.0
"""How near a name may come to the sides of its box where that is small."""
NARROW_WIDTHS = (64.0, 88.0, 112.0, 136.0, 160.0, 200.0, 240.0, 288.0)
NARROW = 136.0
"""In wider ones stands nothing but the name."""
WIDTHS = (76.0, 116.0, 156.0, 196.0, 236.0, WIDEST)
"""Of boxes with one row: few different ones, so that rows line up."""
WIDEST_TO_END = 320.0
"""Of a box with one row that tells its precision at its end, too."""

SHORT = {
    Kind.OBSERVER: "obs",
    Kind.FAKE_QUANT: "fq",
    Kind.CHOOSE_QPARAMS: "qp",
    Kind.QUANTIZE: "q",
    Kind.DEQUANTIZE: "dq",
    Kind.QUANTIZED_OP: "int8",
    Kind.OP: "float",
}

_PAD_X = {
    Kind.INPUT: 20.0,
    Kind.OUTPUT: 20.0,
    Kind.OBSERVER: 16.0,
    Kind.FAKE_QUANT: 16.0,
    Kind.QUANTIZE: 12.0 + SLANT,
    Kind.DEQUANTIZE: 12.0 + SLANT,
    Kind.CHOOSE_QPARAMS: 10.0 + SLANT,
    Kind.CONSTANT: 13.0,
}


def measure(view: View) -> dict[str, Size]:
    """Return the size of each box that is not an open frame, in logical pixels; needs a QGuiApplication."""
    return {box.id: size_of(box) for box in view.boxes if not box.is_open}


class BoxForm(NamedTuple):
    """How boxes are written: in one or two rows, and in one with columns of numbers at the right or without.

    In one row they may be narrow, as wide as their names; what stands beside these is shown where it has room. They may
    also be small: shown at a smaller scale than others, at which their texts have room.
    """

    rows: int = 2
    has_columns: bool = False
    is_narrow: bool = False
    is_small: bool = False

    @property
    def least(self) -> float:
        """The smallest scale at which its texts have room."""
        return LEAST_NARROW if self.is_narrow or self.is_small else LEAST if self.rows == 1 else 1.0


TWO_ROWED = BoxForm()


def measure_in_slices(
    boxes: Sequence[tuple[str, Box]], sizes: dict[str, Size], count: int, form: BoxForm = TWO_ROWED
) -> Iterator[int]:
    """Fill in the size of each box that is not an open frame; yields after each slice but the last.

    Args:
        boxes: Each with the id that its size is for; of several with one id, it is the size that holds them all.
        sizes: Filled in.
        count: Boxes of a slice.
        form: How boxes are written.
    """
    like: dict[tuple[object, ...], Size] = {}
    for start in range(0, len(boxes), count):
        for box_id, box in boxes[start : start + count]:
            if box.is_open:
                continue
            # All that a size depends on; layers of a network have boxes with equal texts.
            texts = box.title, box.subtitle, box.precision
            plain = box.stub_of is None, box.is_seam, box.is_mixed, bool(box.alike)
            says = box.kind, texts, box.badges, box.repeat, plain
            size = like.get(says)
            if size is None:
                size = like[says] = size_of(box, form)
            known = sizes.get(box_id)
            if known is not None:
                size = Size(max(size.width, known.width), max(size.height, known.height))
            sizes[box_id] = size
        if start + count < len(boxes):
            yield start + count


def size_of(box: Box, form: BoxForm = TWO_ROWED) -> Size:
    """Return the size that a box's text needs."""
    if box.is_seam:
        words = box.note if form.is_narrow and box.note else box.title  # the short ones where room is scarce
        wide = SEAM_TEXT + width(f"{SEAM_SIGN} {words}", subtitle_font()) + 4.0
        return Size(_even(wide / (LEAST_NARROW if form.rows == 1 else 1.0)), SEAM_HEIGHT)
    if form.rows == 1:
        return _size_in_row(box, form)
    if box.stub_of is not None:
        return Size(_even(min(width(box.title, subtitle_font()), WIDEST) + 30.0), 20.0)
    if box.kind is Kind.CONSTANT:
        longest = max(width(heading(box), subtitle_font()), width(box.subtitle, label_font()))
        return Size(_even(min(longest, WIDEST) + 2 * _PAD_X[Kind.CONSTANT]), 34.0 if box.subtitle else 22.0)
    longest = max(width(heading(box), title_font()), width(box.subtitle, subtitle_font()))
    tall = 2 * PAD_Y + TITLE_ROW + (SUBTITLE_ROW if box.subtitle else 0.0)
    badges = badges_width(box.badges)
    if box.kind is None:
        beside = GROUP_PAD + badges if box.badges else 0.0
        return Size(_even(GROUP_LEAD + min(longest, WIDEST) + beside + GROUP_PAD + STACK), tall + STACK)
    wide = max(min(longest, WIDEST), badges) + 2 * pad_x(box) + lead(box)
    return Size(max(_even(wide), 90.0), tall + (BADGE_ROW if box.badges else 0.0))


def _size_in_row(box: Box, form: BoxForm) -> Size:
    if box.stub_of is not None:
        return Size(_even(min(width(box.title, subtitle_font()), WIDEST) + 30.0), 20.0)
    title = width(heading(box), subtitle_font() if box.kind is Kind.CONSTANT else title_font())
    beside = BESIDE + width(box.subtitle, subtitle_font()) if box.subtitle else 0.0
    badges = BESIDE + badges_width(box.badges) if box.badges and not box.precision else 0.0
    wide = title + beside + badges + pad_in_row(box)
    wide += GROUP_LEAD + STACK if box.kind is None else lead(box) + pad_in_row(box)
    if form.has_columns and (box.kind is None or box.kind.computes):
        return Size(WIDEST_TO_END, ROW + STACK if box.kind is None else ROW)
    widths: Sequence[float] = WIDTHS
    is_narrow = form.is_narrow and not box.alike  # equal groups in one box stand beside nothing
    if is_narrow:
        wide -= beside + badges if wide > NARROW * form.least else 0.0
        widths = NARROW_WIDTHS
    least = form.least
    most = (NARROW if is_narrow else WIDEST_TO_END) * least
    rest = width(box.subtitle, subtitle_font()) - width(box.subtitle.partition(CLAUSE)[0], subtitle_font())
    bare = wide if is_narrow else wide - badges - rest
    if not form.has_columns and (end := next((each for each in _ends_of_row(box) if bare + each <= most), None)):
        # The rest stands beside it where there is room for all.
        wide = wide + end if wide + end <= most else max(min(wide, WIDEST * least), bare + end)
        widths = (*widths, WIDEST_TO_END)
        # What is expanded further is shown smaller.
        least = LEAST_NARROW if wide <= LEAST_NARROW * WIDEST_TO_END else least
    if not is_narrow:
        wide = max(wide, (title + 2 * NEAR) * least / NAMES_FROM)
    fitting = next((each for each in widths if each * least >= wide), widths[-1])
    return Size(fitting, ROW + STACK if box.kind is None else ROW)


def has_two_rows(box: Box, height: float) -> bool:
    """Return whether a box that is so high on the screen has room for two rows of text."""
    return bool(box.subtitle) and height - (STACK if box.kind is None else 0.0) >= TWO_ROWS


def _ends_of_row(box: Box) -> Iterator[float]:
    """Yield the room of what may stand at the right end of a row: precision and a group's findings, precision alone."""
    if box.precision and box.kind is None:
        ends = box.precision, trn(9, "{count} finding", "{count} findings")
        yield AT_END + width(", ".join(ends), end_font(box))
    if box.precision:
        yield AT_END + width(box.precision, end_font(box))


def end_font(box: Box) -> QFont:
    """Return the font of a box's precision: an operator that says that it stays in float says it aloud."""
    return group_font() if box.kind is not None and box.low is not None and not box.low[0] else subtitle_font()


def pad_in_row(box: Box) -> float:
    """Return the room left and right of the text of a box with one row."""
    return SLANT + 4.0 if box.kind is not None and box.kind.casts else 12.0


def heading(box: Box) -> str:
    """Return a box's first row: its title, and how often it stands for the same."""
    return f"{box.title}  ×{box.repeat}" if box.repeat > 1 else box.title


def pad_x(box: Box) -> float:
    """Return the room left and right of a box's text."""
    return _PAD_X.get(box.kind, 18.0) if box.kind else GROUP_PAD


def lead(box: Box) -> float:
    """Return the room of what stands before a box's text: an eye, a stair, a second edge."""
    if box.kind in WATCHING:
        return ICON
    return DOUBLE if box.kind is Kind.FUSED_OP else 0.0


def badge_text(badge: Badge) -> str:
    """Return a badge's words, such as ``2 obs``."""
    return f"{badge.count} {SHORT.get(badge.kind, badge.kind.value)}"


def badge_width(badge: Badge) -> float:
    """Return the width of one badge."""
    return width(badge_text(badge), label_font()) + 2 * BADGE_PAD


def badges_width(badges: tuple[Badge, ...]) -> float:
    """Return the width of a row of badges."""
    return sum(badge_width(each) for each in badges) + BADGE_GAP * max(len(badges) - 1, 0)


def _even(length: float) -> float:
    """Round up to an even number, so that a box's middle lies on a pixel."""
    return 2.0 * -(-length // 2)
