"""What boxes say in the room that they have: names whole, less of the rest, no number cut."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter

from qviz.analysis.views.view import Badge, Box
from qviz.document.graph import Kind
from qviz.ui.canvas.box_text import writing
from qviz.ui.canvas.fonts import group_font, title_font, width
from qviz.ui.canvas.frame_title import draw_frame_title
from qviz.ui.canvas.metrics import (
    LEAST,
    LEAST_NARROW,
    NAMES_FROM,
    NARROW,
    NEAR,
    WIDEST,
    WIDEST_TO_END,
    BoxForm,
    size_of,
)
from qviz.ui.canvas.pencil import RIGHT, Pencil
from qviz.ui.theme import theme

ONE_ROW = BoxForm(1)


def box(
    title: str,
    subtitle: str = "",
    kind: Kind | None = Kind.OP,
    note: str = "",
    is_seam: bool = False,
    precision: str = "",
    low: tuple[int, int] | None = None,
) -> Box:
    return Box("a", title, subtitle, kind, ("a",), note=note, is_seam=is_seam, precision=precision, low=low)


def said(each: Box, wide: float, high: float = 22.0) -> list[str]:
    return [row.text for row in writing(each, QSizeF(wide, high)).rows]


@pytest.mark.parametrize("title", ["x", "output", "flatten", "downsample.0", "block_12.expand_conv"])
@pytest.mark.parametrize("kind", [Kind.OP, Kind.INPUT, Kind.OUTPUT])
def test_a_name_fits_at_every_scale_that_shows_it(qapp, title: str, kind: Kind):
    each = box(title, kind=kind)
    wide = size_of(each, ONE_ROW).width * NAMES_FROM
    assert width(title, title_font()) + 2 * NEAR <= wide + 0.5 or wide == WIDEST * NAMES_FROM
    assert said(each, wide) == [title] or wide == WIDEST * NAMES_FROM


@pytest.mark.parametrize("title", ["7", "up2", "enc1", "stem", "layer4", "blocks.11"])
def test_the_name_of_a_narrow_group_is_not_cut_while_its_box_has_room(qapp, title: str):
    each = box(title, "Up · 5 nodes", kind=None)
    wide = size_of(each, BoxForm(1, is_narrow=True)).width * 0.65
    assert said(each, wide) == [title]


@pytest.mark.parametrize(
    ("wide", "numbers"), [(250, ["36.2 dB", "31.3 %"]), (165, ["31.3 %"]), (90, []), (250, []), (165, [])]
)
def test_of_two_numbers_the_last_stays_where_room_is_scarce(qapp, wide: int, numbers: list[str]):
    given = ("36.2 dB", "31.3 %") if numbers or wide == 90 else ("", "")
    texts = [row.text for row in writing(box("stem", "Sequential", kind=None), QSizeF(wide, 22.0), given).rows]
    assert texts[0] == "stem"
    assert [each for each in texts if each in ("36.2 dB", "31.3 %")] == numbers


def test_a_seam_says_less_where_it_has_less_room(qapp):
    seam = box("3 casts only in Converted", kind=None, note="3 casts", is_seam=True)
    wide = size_of(seam, ONE_ROW).width
    assert said(seam, wide) == ["··· 3 casts only in Converted"]
    assert said(seam, wide * NAMES_FROM) == ["··· 3 casts"]


def test_a_seam_takes_the_room_of_its_short_words_where_boxes_are_as_wide_as_their_names(qapp):
    seam = box("3 casts only in Converted", kind=None, note="3 casts", is_seam=True)
    narrow, wide = (size_of(seam, BoxForm(1, is_narrow=each)).width for each in (True, False))
    assert said(seam, narrow * LEAST) == ["··· 3 casts"]
    assert narrow < 0.6 * wide
    assert size_of(replace(seam, note=""), BoxForm(1, is_narrow=True)).width == wide


def test_a_second_row_leaves_out_the_name_of_a_number_before_it_cuts(qapp):
    conv = box("conv1", "ConvReLU2d · scale 0.01292", Kind.QUANTIZED_OP)
    wide = size_of(conv).width
    assert said(conv, wide, 42.0) == ["conv1", "ConvReLU2d · scale 0.01292"]
    assert said(conv, 0.85 * wide, 42.0) == ["conv1", "ConvReLU2d · 0.01292"]
    assert said(box("pool", "AdaptiveAvgPool2d"), 100.0, 42.0)[1] != "AdaptiveAvgPool2d"  # one word is cut


@pytest.mark.parametrize(
    ("subtitle", "kind", "found"),
    [
        (
            "conv2d 3 → 64, 7×7, /2",
            Kind.OP,
            ["conv2d 3 → 64, 7×7, /2", "conv2d 3 → 64, 7×7", "conv2d 3 → 64", "conv2d"],
        ),
        ("Linear 512 → 1000 · scale 0.0187", Kind.QUANTIZED_OP, ["Linear 512 → 1000", "Linear"]),
        ("scale 0.0187 · zp −14", Kind.QUANTIZE, ["scale 0.0187"]),
        ("scale 0.0187", Kind.QUANTIZED_OP, []),
        ("7 identical", None, ["7 identical"]),
    ],
)
def test_a_second_text_ends_at_a_word(qapp, subtitle: str, kind: Kind | None, found: list[str]):
    shown = [texts[1] for wide in range(60, 420, 2) if len(texts := said(box("fc", subtitle, kind), wide)) > 1]
    assert set(found) <= set(shown)
    assert set(shown) <= {subtitle, *found}


LINEAR = box("self_attn.in_proj", "linear 512 → 1536", precision="int8", low=(1, 1))
FLOAT = box("fc2", "linear 512 → 64", precision="float", low=(0, 1))
LAYERS = box("0 … 6", "7 identical", kind=None, precision="28 int8", low=(28, 30))


@pytest.mark.parametrize("each", [LINEAR, FLOAT, box("relu", precision="uint8", low=(1, 1))])
@pytest.mark.parametrize("scale", [LEAST, 1.0])
def test_the_dtype_stands_at_the_end_of_a_row_that_is_as_wide_as_it_needs(qapp, each: Box, scale: float):
    wide = size_of(each, ONE_ROW).width * scale
    *_, end = writing(each, QSizeF(wide, 22.0)).rows
    assert (end.text, end.align, end.font.bold()) == (each.precision, RIGHT, each is FLOAT)
    assert end.token == ("text" if each is FLOAT else "text.muted")


@pytest.mark.parametrize("each", [LINEAR, FLOAT, LAYERS])
def test_the_dtype_takes_no_room_of_a_name_or_a_type(qapp, each: Box):
    plain = replace(each, precision="", low=None)
    for wide in range(40, 420):
        told, without = said(each, wide), said(plain, wide)
        assert told in (without, [*without, each.precision])
        assert len(told) == len(without) or len(without) == 2


def test_a_dtype_is_not_told_twice(qapp):
    each = box("fc", "Linear · int8 per channel", Kind.QUANTIZED_OP, precision="int8", low=(1, 1))
    shown = {tuple(said(each, wide)) for wide in range(60, 420, 2)}
    assert ("fc", "Linear · int8 per channel") in shown
    assert ("fc", "Linear", "int8") in shown
    assert ("fc", "Linear · int8 per channel", "int8") not in shown


def test_a_folded_group_tells_its_findings_where_they_fit(qapp):
    wide = size_of(LAYERS, ONE_ROW).width * LEAST
    texts = [row.text for row in writing(LAYERS, QSizeF(wide, 22.0), findings=3).rows]
    assert texts == ["0 … 6", "7 identical", "28 int8, 3 findings"]
    small = [row.text for row in writing(LAYERS, QSizeF(wide - 50, 22.0), findings=3).rows]
    assert small == ["0 … 6", "7 identical", "28 int8"]
    prepared = replace(LAYERS, precision="", low=None)
    assert [row.text for row in writing(prepared, QSizeF(wide, 22.0), findings=1).rows][2:] == ["1 finding"]


def test_columns_of_numbers_leave_no_room_for_a_dtype(qapp):
    rows = writing(LINEAR, QSizeF(280, 22.0), ("36.2 dB", "31.3 %")).rows
    assert "int8" not in [row.text for row in rows]
    assert size_of(LINEAR, BoxForm(1, has_columns=True)).width == WIDEST_TO_END


@pytest.mark.parametrize("each", [LINEAR, FLOAT, LAYERS])
def test_where_it_does_not_fit_into_the_widest_box_none_is_wider(qapp, each: Box):
    long = replace(each, title="self_attention.in_projection.weight_norm")
    assert size_of(long, ONE_ROW) == size_of(replace(long, precision=""), ONE_ROW)
    narrow = BoxForm(1, is_narrow=True)
    assert size_of(each, narrow).width <= max(size_of(replace(each, precision=""), narrow).width, NARROW)


@pytest.mark.parametrize("odd", ["", "7 differs"])
def test_a_frame_says_aloud_which_block_differs(qapp, monkeypatch: pytest.MonkeyPatch, odd: str):
    written: list[tuple[str, bool, QRectF]] = []
    monkeypatch.setattr(
        Pencil, "write", lambda _, text, font, color, area, align: written.append((text, font.bold(), area))
    )
    frame = replace(box("layers 0 … 11", "12 × Layer", kind=None, note="11 identical"), is_open=True, odd=odd)
    image = QImage(400, 60, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    draw_frame_title(Pencil(painter), frame, QRectF(0, 0, 400, 60), 1.0, theme("light"))
    painter.end()
    told = {text: (is_bold, area.right()) for text, is_bold, area in written}
    if not odd:
        assert told["11 identical"] == (False, told["11 identical"][1])
        assert len(told) == 3
    else:
        assert told["7 differs"][0]
        assert not told["11 identical, "][0]
        assert told["7 differs"][1] - told["11 identical, "][1] == width("7 differs", group_font())


def test_a_name_is_worth_more_than_badges_in_a_zoomed_box(qapp):
    held = tuple(Badge(kind, 28) for kind in (Kind.OP, Kind.OBSERVER, Kind.QUANTIZE, Kind.DEQUANTIZE))
    group = replace(LAYERS, badges=held)
    wide, small = (writing(group, QSizeF(each, 44.0)) for each in (420.0, 230.0))
    assert wide.badges_at is not None
    assert [row.text for row in small.rows] == ["28 int8", "0 … 6", "7 identical"]
    assert small.badges_at is None
    (narrow,) = (writing(group, QSizeF(120.0, 44.0)),)
    assert [row.text for row in narrow.rows] == ["0 … 6", "7 identical"]


def test_a_second_row_loses_words_not_letters(qapp):
    assert said(box("layer1.0", "BasicBlock · 5 nodes", kind=None), 124.0, 44.0) == ["layer1.0", "BasicBlock"]
    assert said(box("embed", "embedding 1,000 × 64"), 90.0, 44.0) == ["embed", "embedding"]
    assert said(box("fc", "Linear · scale 0.0256"), 116.0, 44.0) == ["fc", "Linear · 0.0256"]


def test_equal_groups_in_one_box_say_what_they_are_where_others_are_as_narrow_as_their_names(qapp):
    narrow = BoxForm(1, is_narrow=True)
    alone, run = replace(LAYERS, alike=()), replace(LAYERS, alike=("layers.0", "layers.1"))
    assert size_of(alone, narrow).width < size_of(run, narrow).width
    assert said(run, size_of(run, narrow).width * LEAST_NARROW) == ["0 … 6", "7 identical", "28 int8"]


def test_a_long_name_is_whole_in_a_narrow_box(qapp):
    attention = box("scaled_dot_product_attention_7")
    wide = size_of(attention, BoxForm(1, is_narrow=True)).width
    assert said(attention, wide * LEAST_NARROW) == [attention.title]


def test_names_line_up_beside_numbers_and_where_there_are_none(qapp):
    numbers = ("31.0 dB", "17.7 %")
    with_, without = (writing(box("maxpool", "MaxPool2d"), QSizeF(280.0, 24.0), each) for each in (numbers, ("", "")))
    assert with_.rows[0].area.left() == without.rows[0].area.left()
