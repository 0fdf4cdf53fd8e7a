"""One of several equal modules is unlike the others: that is found, and said."""

from __future__ import annotations

import pytest

from qviz.analysis.inspecting.siblings import (
    Makeup,
    MakeupPart,
    Sibling,
    difference_in_words,
    differences_among,
    odd_ones,
)

USUAL: Makeup = (MakeupPart("fc", "LinearReLU", True), MakeupPart("fc", ""))


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (
            (MakeupPart("fc", "LinearReLU", False), MakeupPart("fc", "")),
            "In 2, fc (LinearReLU) stays in float; in the others it runs in low precision.",
        ),
        (
            (
                MakeupPart("fc", "Linear", True),
                MakeupPart("relu", "ReLU", True),
                MakeupPart("fc", ""),
                MakeupPart("relu", ""),
            ),
            "2 has fc (Linear), relu (ReLU), an observer after relu; the others have fc (LinearReLU).",
        ),
        ((*USUAL, MakeupPart("", "add", True)), "Only 2 has add."),
        (USUAL[:1], "Only 2 lacks an observer after fc."),
        (USUAL[::-1], "2 has the same operators in another order."),
    ],
)
def test_the_one_that_is_unlike_the_others_is_found_and_told(own: Makeup, told: str):
    makeups = {name: ("Layer", own if name == "2" else USUAL) for name in "0123"}
    assert odd_ones(makeups) == {"2": (own, USUAL)}
    assert told in difference_in_words("2", own, USUAL)


@pytest.mark.parametrize(
    ("own", "usual", "told"),
    [
        (False, True, "In 7, a (Linear), b (Linear) stay in float; in the others they run in low precision."),
        (True, False, "In 7, a (Linear), b (Linear) run in low precision; in the others they stay in float."),
    ],
)
def test_of_the_same_operators_in_another_precision_that_is_said_once(own: bool, usual: bool, told: str):
    mine, others = ([MakeupPart(name, "Linear", is_low) for name in "ab"] for is_low in (own, usual))
    assert difference_in_words("7", tuple(mine), tuple(others)) == told


def test_operators_that_are_others_are_named_with_their_own():
    own = MakeupPart("a", "Linear", False), MakeupPart("b", "ReLU", True)
    usual = MakeupPart("a", "Linear", True), MakeupPart("b", "GELU", True)
    told = difference_in_words("7", own, usual)
    assert told == "7 has a (Linear) in float, b (ReLU); the others have a (Linear) in low precision, b (GELU)."


def test_of_few_or_of_different_types_none_is_odd():
    other = (MakeupPart("fc", "Linear", True),)
    assert odd_ones({"0": ("A", USUAL), "1": ("A", other)}) == {}
    assert odd_ones({"0": ("A", USUAL), "1": ("A", USUAL), "2": ("B", other), "3": ("A", USUAL)}) == {}
    assert odd_ones({"0": ("", USUAL), "1": ("", USUAL), "2": ("", USUAL), "3": ("", other)}) == {}


def test_of_blocks_with_the_same_operators_the_one_with_other_casts_is_told():
    layers = {name: Sibling("Layer", USUAL, 7 if name == "0" else 6) for name in "0123"}
    assert differences_among(layers) == {"0": "0 has 7 casts; the others have 6."}
    layers["0"] = Sibling("Layer", USUAL[:1], 7)
    assert differences_among(layers) == {"0": "Only 0 lacks an observer after fc."}


def test_of_blocks_alike_in_all_else_findings_count_as_they_do_on_the_canvas():
    layers = {
        name: Sibling("Layer", USUAL, 6, frozenset({"uneven_channels"} if name == "2" else ())) for name in "0123"
    }
    assert differences_among(layers) == {"2": "Only 2 has the finding Uneven channels."}
    layers = {
        name: Sibling("Layer", USUAL, 6, frozenset(() if name == "2" else {"uneven_channels"})) for name in "0123"
    }
    assert differences_among(layers) == {"2": "Only 2 lacks the finding Uneven channels."}


def test_where_the_canvas_counts_equal_blocks_it_decides_which_ones_differ():
    layers = {name: Sibling("Layer", USUAL, 6, is_like=name != "3") for name in "0123"}
    assert differences_among(layers) == {"3": ""}, "only the canvas compares in what"
    layers["3"] = Sibling("Layer", USUAL, 5, is_like=False)
    assert differences_among(layers) == {"3": "3 has 5 casts; the others have 6."}
    alike = {name: Sibling("Layer", USUAL, 7 if name == "0" else 6, is_like=True) for name in "0123"}
    assert differences_among(alike) == {}
