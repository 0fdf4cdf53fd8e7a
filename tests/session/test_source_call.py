from __future__ import annotations

import ast

import pytest

from qviz.sources.call import ArgumentsError, source_line
from qviz.sources.candidates import Candidate, Parameter


def line(*parameters: Parameter, **values: str) -> str:
    return source_line("net.py", Candidate("make", "function", 1, parameters), values)


def faults(*parameters: Parameter, **values: str) -> dict[str, str]:
    with pytest.raises(ArgumentsError) as caught:
        line(*parameters, **values)
    return caught.value.faults


DEPTH, WIDTH, ACT = Parameter("depth", "int"), Parameter("width", "int", "64"), Parameter("act", "str", "'relu'")


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ({"depth": "18"}, "net.py:make(depth=18)"),
        ({"depth": " 18 ", "width": "", "act": "gelu"}, "net.py:make(depth=18, act='gelu')"),
        ({"depth": "-1", "act": "'it''s'"}, "net.py:make(depth=-1, act='its')"),
        ({"depth": "18", "act": "18"}, "net.py:make(depth=18, act='18')"),
        ({"depth": "18", "act": "it's"}, 'net.py:make(depth=18, act="it\'s")'),
    ],
)
def test_what_was_typed_becomes_the_source(values: dict[str, str], written: str):
    assert line(DEPTH, WIDTH, ACT, **values) == written


def test_without_arguments_it_is_the_name():
    assert line(WIDTH) == "net.py:make"
    assert line() == "net.py:make"


def test_stars_and_places():
    first, rest, more = (
        Parameter("a", kind="positional"),
        Parameter("blocks", kind="star"),
        Parameter("kw", kind="double star"),
    )
    assert (
        line(first, rest, more, a="1", blocks="(2, 3), 4", kw="x='y', z=None")
        == "net.py:make(1, (2, 3), 4, x='y', z=None)"
    )
    assert line(DEPTH, rest, depth="5", blocks="6") == "net.py:make(5, 6)"
    assert line(DEPTH, rest, depth="5") == "net.py:make(depth=5)"


def test_a_value_by_place_needs_those_before_it():
    assert "Enter width too: 64" in faults(WIDTH, Parameter("blocks", kind="star"), blocks="1")["width"]
    first = Parameter("a", "", "1", "positional")
    assert set(faults(first, Parameter("b", "", "2", "positional"), b="3")) == {"a"}
    assert line(first, WIDTH, width="3") == "net.py:make(width=3)"


@pytest.mark.parametrize(
    ("annotation", "text", "written"),
    [
        ("float", "1", "1"),
        ("int | None", "None", "None"),
        ("Optional[int]", "3", "3"),
        ("'int'", "3", "3"),
        ("tuple[int, ...]", "(1, 2)", "(1, 2)"),
        ("str | None", "None", "None"),
        ("str | None", "relu", "'relu'"),
        ("Sequence[int]", "7", "7"),
        ("", "[1, {'a': 2.5}]", "[1, {'a': 2.5}]"),
    ],
)
def test_values_that_the_annotation_allows(annotation: str, text: str, written: str):
    assert line(Parameter("x", annotation), x=text) == f"net.py:make(x={written})"


@pytest.mark.parametrize(
    ("parameter", "text", "said"),
    [
        (DEPTH, "", "depth has no default. Enter a value such as 18."),
        (DEPTH, "big", "depth: big is not a literal. Write a Python literal such as 18."),
        (DEPTH, "'18'", "depth is int, but '18' is str. Write a Python literal such as 18."),
        (DEPTH, "1.5", "depth is int, but 1.5 is float. Write a Python literal such as 18."),
        (Parameter("x"), "relu", "x: relu is not a literal. Put text in quotes: 'relu'."),
        (
            Parameter("x"),
            "nn.ReLU()",
            "x: nn.ReLU() is not a literal. Write a Python literal such as 18, 0.5, True, (1, 2).",
        ),
        (Parameter("act", "str"), "'relu", "act: 'relu is not a literal. Write a Python literal such as 'text'."),
        (Parameter("kw", kind="double star"), "1", "kw: 1 could not be read. Write name=1, other='text'."),
        (Parameter("kw", kind="double star"), "**{}", "kw: **{} could not be read. Write name=1, other='text'."),
        (Parameter("args", kind="star"), "f(1)) + (2", "args: f(1)) + (2 could not be read. Write 1, 2."),
    ],
)
def test_a_wrong_value_says_what_and_what_to_do(parameter: Parameter, text: str, said: str):
    assert faults(parameter, **{parameter.name: text}) == {parameter.name: said}


def test_a_default_that_the_annotation_forgot_may_be_typed():
    assert line(Parameter("x", "int", "None"), x="None") == "net.py:make(x=None)"


def test_all_that_is_wrong_is_told_at_once():
    assert set(faults(DEPTH, WIDTH, width="wide")) == {"depth", "width"}


def test_the_line_is_one_call_of_literals():
    written = line(Parameter("a", "str"), Parameter("b"), a="x') + evil('", b="{'k': (1, None)}")
    call = ast.parse(written.removeprefix("net.py:"), mode="eval").body
    assert isinstance(call, ast.Call)
    assert [ast.literal_eval(word.value) for word in call.keywords] == ["x') + evil('", {"k": (1, None)}]
