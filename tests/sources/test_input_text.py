"""What texts of --input say, and that they are written as they were read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qviz.errors import QvizError
from qviz.sources.input_text import DrawnTensor, SeveralInputs, read_form, read_input, runs_code, split_texts


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=5),
    st.sampled_from(["", ":float16", ":int64:0..9", ":float32:-1..0.5", ":float32:0.5~0.25", ":bool", ":int8:zeros"]),
    st.sampled_from(["", "x=", "attention_mask="]),
)
def test_a_text_is_written_as_it_was_read(sides: list[int], rest: str, name: str):
    text = f"{name}{'x'.join(map(str, sides))}{rest}"
    assert read_input(text).text == text
    assert read_input(read_input(text).text) == read_input(text)


@pytest.mark.parametrize(
    "text",
    [
        "=True",
        "=None",
        "='fast'",
        "=0.5",
        "(1x3,1x2:int64:0..4)",
        "{ids=1x8:int64:0..99,mask=1x8:bool}",
        "((1x2,=3),1x1)",
    ],
)
def test_literals_and_arguments_that_hold_several_are_written_as_they_were_read(text: str):
    assert read_form(text).text == text


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("1x3", "torch.randn(1, 3)"),
        ("1x3:float32:0.5~0.25", "torch.randn(1, 3) * 0.25 + 0.5"),
        ("1x3:float16:1~2", "(torch.randn(1, 3) * 2 + 1).to(torch.float16)"),
        ("2:float32:-1..1", "torch.empty(2).uniform_(-1, 1)"),
        ("1x8:int64:0..99", "torch.randint(0, 100, (1, 8)).to(torch.int64)"),
        ("1x8:int64:zeros", "torch.zeros(1, 8, dtype=torch.int64)"),
    ],
)
def test_the_python_of_a_tensor(text: str, python: str):
    form = read_form(text)
    assert isinstance(form, DrawnTensor)
    assert form.python == python


def test_a_dict_keeps_the_names_of_its_parts():
    form = read_form("{ids=1x8:int64:0..99, mask=1x8}")
    assert isinstance(form, SeveralInputs)
    assert form.names == ("ids", "mask")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1xx3", "is not an input"),
        ("1x3:int64:0~1", "int64 values have no mean"),
        ("1x3:int64:5..3", "5 is above 3"),
        ("=open('x')", "is not a literal"),
        ("{1x3}", "is not an input"),
        ("(1x3,2y)", '"2y" is not an input'),
    ],
)
def test_what_says_nothing_is_told(text: str, message: str):
    with pytest.raises(QvizError, match=message.replace("(", r"\(")):
        read_form(text)


def test_only_files_and_calls_run_or_open_something():
    assert [runs_code(read_form(text)) for text in ("1x3", "=1", "(1x3,=2)")] == [False] * 3
    assert [runs_code(read_form(text)) for text in ("x.npz", "data.py:make", "(1x3,x.pt)")] == [True] * 3


def test_a_line_is_split_at_spaces_but_not_inside_of_what_belongs_together():
    line = "image=1x3  pair=(1x3, 1x2) mode=='very fast' {a=1, b=2}"
    assert split_texts(line) == ("image=1x3", "pair=(1x3, 1x2)", "mode=='very fast'", "{a=1, b=2}")
    assert split_texts("  ") == ()
