"""Inputs as rows: guesses that a user edits, and the plan that comes of it."""

from __future__ import annotations

from qviz.document.model_call import ArgumentGuess, ModelCall
from qviz.document.plan import Plan
from qviz.session.call_code import call_code
from qviz.session.input_rows import InputRow, inputs_of, missing, rows_of, rows_of_signature, sides_of
from qviz.sources.candidates import Parameter

CALL = ModelCall(
    "Ranker",
    3,
    10,
    (
        ArgumentGuess("image", text="1x3x224x224", layer_path="features", layer="Conv2d 3 → 8, 3×3"),
        ArgumentGuess("pair", "0", "1x7"),
        ArgumentGuess("pair", "1", "1x32:int64:0..10"),
        ArgumentGuess("mask", text="1x32:bool:zeros", default="None", is_left_out=True),
        ArgumentGuess("scale", text="=2.0", default="2.0", is_left_out=True),
    ),
    runs=True,
)


def test_guesses_make_the_plan_and_optional_ones_are_left_out():
    rows = rows_of(CALL, ())
    assert inputs_of(rows) == ("image=1x3x224x224", "pair=(1x7,1x32:int64:0..10)")
    assert [row.name for row in rows] == ["image", "pair[0]", "pair[1]", "mask", "scale"]
    assert not any(row.is_touched for row in rows)
    on = tuple(row.switched(is_on=True) if row.is_optional else row for row in rows)
    assert inputs_of(on)[2:] == ("mask=1x32:bool:zeros", "scale==2.0")


def test_rows_read_back_what_they_wrote():
    rows = rows_of(CALL, ())
    written = inputs_of(rows)
    again = rows_of(CALL, written)
    assert inputs_of(again) == written
    assert [row.is_touched for row in again if row.is_on] == [True, True, True]
    assert again[0].guess.layer == "Conv2d 3 → 8, 3×3"


def test_texts_without_names_stand_for_arguments_in_their_order():
    rows = rows_of_signature(
        (Parameter("image"), Parameter("ids"), Parameter("mask", default="None")), ("1x3", "mask=2")
    )
    assert [(row.name, row.text, row.is_on) for row in rows] == [
        ("image", "1x3", True),
        ("ids", "", False),
        ("mask", "2", True),
    ]


def test_what_is_given_but_not_known_is_missing():
    rows = rows_of_signature((Parameter("image"), Parameter("mask", default="None")), ())
    assert missing(rows) == ("image",)
    assert missing((rows[0].with_text("1x"), rows[1])) == ("image",)
    assert missing((rows[0].with_text("1x3"), rows[1])) == ()


def test_shape_dtype_and_values_are_edited_apart():
    row = InputRow(ArgumentGuess("x"), "1x3x8x8")
    assert row.with_sides((2, 3)).text == "2x3"
    assert row.with_dtype("int64").text == "1x3x8x8:int64:0..1" or row.with_dtype("int64").text == "1x3x8x8:int64"
    assert row.with_values("normal", "0.5", "0.25").text == "1x3x8x8:float32:0.5~0.25"
    assert row.with_values("uniform", "-1", "1").with_dtype("int64").form is not None
    assert row.with_values("zeros").with_dtype("int64").text == "1x3x8x8:int64:zeros"
    assert row.with_sides((1, 3, 8, 8)) is row
    assert row.with_sides((2,)).is_touched


def test_a_shape_is_read_however_it_is_written():
    assert [sides_of(text) for text in ("1x3x8", "1 × 3 × 8", "(1, 3, 8)", "1*3*8")] == [(1, 3, 8)] * 4
    assert [sides_of(text) for text in ("", "a x 3", "-1x3")] == [None] * 3


def test_the_call_as_code():
    rows = rows_of(CALL, ("image=1x3x8x8", "pair=(1x7,2:int64:0..9)", "scale==0.5"))
    code = call_code(Plan(source="/there/ranker.py:Ranker"), rows, None)
    assert code.splitlines() == [
        "import torch",
        "import sys",
        "sys.path.append('/there')",
        "from ranker import Ranker",
        "",
        "model = Ranker().eval()",
        "torch.manual_seed(0)",
        "image = torch.randn(1, 3, 8, 8)",
        "pair = (torch.randn(1, 7), torch.randint(0, 10, (2,)))",
        "scale = 0.5",
        "with torch.no_grad():",
        "    y = model(image, pair, scale=scale)",
    ]
