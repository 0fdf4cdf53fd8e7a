"""What a text of ``--input`` says: ``1x3x224x224:float32:0..1``, a file, ``mod:callable``, a literal, several."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Literal, NamedTuple, TypeAlias

from qviz.errors import QvizError
from qviz.words import mark, tr

DATA_FILES = (".npz", ".npy", ".pt", ".safetensors")
"""Files that tensors are read from."""
INTEGER_DTYPES = ("uint8", "int8", "int16", "int32", "int64", "bool")
FORM = mark(
    "Write an input as [NAME=]SHAPE[:DTYPE[:LOW..HIGH|MEAN~STD|zeros]], a {files} file of tensors, mod:callable, "
    "=LITERAL, or (INPUT,INPUT) and {{NAME=INPUT}} for what holds several."
)
DrawnValues: TypeAlias = Literal["normal", "uniform", "zeros"]

_NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
_VALUES = rf"(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})|(?P<mean>{_NUMBER})~(?P<std>{_NUMBER})|(?P<zeros>zeros)"
_SHAPE = re.compile(rf"(?P<shape>\d+(x\d+)*)(:(?P<dtype>\w+)(:(?:{_VALUES}))?)?")
_SHAPE_BEGINS = re.compile(r"\d+(x\d+)*(:|$)")
_CLOSES = {"(": ")", "{": "}"}
_DEEPEST = 32
"""Inputs in inputs."""
_SHOWN = 80


class DrawnTensor(NamedTuple):
    """A tensor of random numbers, or of zeros.

    Attributes:
        sides: Its shape.
        dtype: The name of torch's.
        values: How they are drawn.
        first: The least of uniform values, the mean of normal ones, as it is written; "" for the usual.
        second: The greatest of uniform values, included of integers; the standard deviation of normal ones.
    """

    sides: tuple[int, ...]
    dtype: str = "float32"
    values: DrawnValues = "normal"
    first: str = ""
    second: str = ""

    @property
    def is_of_integers(self) -> bool:
        """Whether its values are whole numbers."""
        return self.dtype in INTEGER_DTYPES

    @property
    def text(self) -> str:
        """How it is written."""
        values = {"uniform": f"{self.first}..{self.second}", "normal": f"{self.first}~{self.second}", "zeros": "zeros"}
        has_values = self.values == "zeros" or bool(self.first)
        dtype = f":{self.dtype}" if has_values or self.dtype != "float32" else ""
        return "x".join(map(str, self.sides)) + dtype + (f":{values[self.values]}" if has_values else "")

    @property
    def python(self) -> str:
        """The expression that makes it."""
        shape = ", ".join(map(str, self.sides))
        cast = "" if self.dtype == "float32" else f".to(torch.{self.dtype})"
        if self.values == "zeros":
            return f"torch.zeros({shape}{cast and f', dtype=torch.{self.dtype}'})"
        if self.is_of_integers:
            low, high = self.integer_ends
            return f"torch.randint({low}, {high}, {self.sides}).to(torch.{self.dtype})"
        if self.values == "uniform":
            return f"torch.empty({shape}).uniform_({self.first}, {self.second}){cast}"
        return f"torch.randn({shape}){self._scaled}{cast}" if not cast else f"{self._grouped(shape)}{cast}"

    @property
    def _scaled(self) -> str:
        scale = f" * {self.second}" if self.second and float(self.second) != 1 else ""
        return scale + (f" + {self.first}" if self.first and float(self.first) else "")

    def _grouped(self, shape: str) -> str:
        return f"(torch.randn({shape}){self._scaled})" if self._scaled else f"torch.randn({shape})"

    @property
    def integer_ends(self) -> tuple[int, int]:
        """The least integer, and the one above the greatest, as ``torch.randint`` takes them."""
        return int(float(self.first or 0)), int(float(self.second or 1)) + 1


class TensorsOfFile(NamedTuple):
    """All tensors of a file: one input, or as many as it holds."""

    path: str

    @property
    def text(self) -> str:
        """How it is written."""
        return self.path


class UsersCall(NamedTuple):
    """What ``mod:callable`` gives, or is."""

    text: str


class LiteralInput(NamedTuple):
    """A Python value that is no tensor: a flag, a number, a word."""

    value: Any

    @property
    def text(self) -> str:
        """How it is written."""
        return f"={self.value!r}"


class SeveralInputs(NamedTuple):
    """One argument that holds several inputs: a tuple, or a dict where they have names."""

    parts: tuple[InputForm, ...]
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """How it is written."""
        if self.names:
            return "{" + ",".join(f"{n}={each.text}" for n, each in zip(self.names, self.parts, strict=True)) + "}"
        return "(" + ",".join(each.text for each in self.parts) + ")"


InputForm: TypeAlias = DrawnTensor | TensorsOfFile | UsersCall | LiteralInput | SeveralInputs


class NamedInput(NamedTuple):
    """An input, and the argument of ``forward`` that it is for; "" for the next one."""

    name: str
    form: InputForm

    @property
    def text(self) -> str:
        """How it is written."""
        return f"{self.name}={self.form.text}" if self.name else self.form.text


def form_hint() -> str:
    """Return how inputs are written."""
    return tr(FORM, files=", ".join(DATA_FILES))


def split_name(text: str) -> tuple[str, str]:
    """Return the argument that a text is for, "" for none, and the rest."""
    name, equals, rest = text.partition("=")
    return (name, rest) if equals and name.isidentifier() else ("", text)


def read_input(text: str) -> NamedInput:
    """Return what a text says.

    Raises:
        QvizError: It has none of the forms.
    """
    name, rest = split_name(text)
    return NamedInput(name, read_form(rest))


def read_form(text: str) -> InputForm:
    """Return what a text without a name says.

    Raises:
        QvizError: It has none of the forms.
    """
    text = text.strip()
    if text.startswith("="):
        return _literal(text)
    if text[:1] in _CLOSES and text.endswith(_CLOSES[text[0]]):
        if _depth(text) > _DEEPEST:
            raise QvizError(tr('"{spec}" is not an input', spec=text[:_SHOWN]), form_hint())
        return _several(text)
    if text.endswith(DATA_FILES):
        return TensorsOfFile(text)
    if match := _SHAPE.fullmatch(text):
        return _drawn(text, match)
    if ":" in text and not _SHAPE_BEGINS.match(text):
        return UsersCall(text)
    raise QvizError(tr('"{spec}" is not an input', spec=text), form_hint())


def runs_code(form: InputForm) -> bool:
    """Tell whether making an input runs code of the user's, or opens a file."""
    if isinstance(form, SeveralInputs):
        return any(map(runs_code, form.parts))
    return isinstance(form, UsersCall | TensorsOfFile)


def _literal(text: str) -> LiteralInput:
    try:
        return LiteralInput(ast.literal_eval(text[1:].strip()))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise QvizError(
            tr("{text} is not a literal", text=text[1:]), tr("For example: =True, =0.5, ='text'.")
        ) from error


def _several(text: str) -> SeveralInputs:
    parts = [each.strip() for each in _apart(text[1:-1])]
    if text[0] == "(":
        return SeveralInputs(tuple(map(read_form, parts)))
    pairs = [each.partition("=") for each in parts]
    if not all(equals for _, equals, _ in pairs):
        raise QvizError(tr('"{spec}" is not an input', spec=text), form_hint())
    return SeveralInputs(tuple(read_form(rest) for *_, rest in pairs), tuple(name.strip() for name, *_ in pairs))


def split_texts(line: str) -> tuple[str, ...]:
    """Return the texts that spaces part, but for those inside of brackets or quotes."""
    return tuple(each for each in _apart(line, " ") if each)


def _apart(text: str, parting: str = ",") -> Iterator[str]:
    """Yield what a sign parts, but for those inside of brackets or quotes."""
    depth, quote, begin = 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == parting and depth == 0:
            yield text[begin:place]
            begin = place + 1
    if text[begin:].strip():
        yield text[begin:]


def _depth(text: str) -> int:
    """Return how deep brackets stand in brackets; of what is not closed, as if it were."""
    return max(accumulate((sign in "([{") - (sign in ")]}") for sign in text))


def _drawn(text: str, match: re.Match[str]) -> DrawnTensor:
    try:
        sides = tuple(int(side) for side in match["shape"].split("x"))
    except ValueError as error:  # Python reads no number of that many digits
        raise QvizError(tr('"{spec}" is not an input', spec=text), form_hint()) from error
    dtype = match["dtype"] or "float32"
    if match["zeros"]:
        return DrawnTensor(sides, dtype, "zeros")
    low, high, is_whole = match["low"], match["high"], dtype in INTEGER_DTYPES
    if match["mean"] is not None:
        if is_whole:
            hint = tr("Write the least and the greatest: LOW..HIGH.")
            raise QvizError(tr('"{spec}": {dtype} values have no mean', spec=text, dtype=dtype), hint)
        return DrawnTensor(sides, dtype, "normal", match["mean"], match["std"])
    if low is not None and float(low) > float(high):
        raise QvizError(tr('"{spec}": {low} is above {high}', spec=text, low=low, high=high), form_hint())
    return DrawnTensor(sides, dtype, "uniform" if is_whole or low is not None else "normal", low or "", high or "")
