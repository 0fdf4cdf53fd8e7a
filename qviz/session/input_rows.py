"""The inputs of a model as rows that are edited one by one, and the plan that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qviz.document.model_call import ArgumentGuess, ModelCall, texts_of
from qviz.errors import QvizError
from qviz.sources.candidates import Parameter
from qviz.sources.input_text import DrawnTensor, InputForm, LiteralInput, SeveralInputs, read_form, split_name

DTYPES = ("float32", "float16", "bfloat16", "float64", "int64", "int32", "int16", "int8", "uint8", "bool")
"""What a row offers, the usual ones first."""


@dataclass(frozen=True)
class InputRow:
    """One argument, or one part of one that holds several.

    Attributes:
        guess: What it is guessed to be, and where that comes from.
        text: What it is, as ``--input`` takes it without a name; "" while that is not known.
        is_on: Whether it is given at all.
        is_touched: Whether the user chose it; else it is a guess.
    """

    guess: ArgumentGuess
    text: str
    is_on: bool = True
    is_touched: bool = False

    @property
    def name(self) -> str:
        """The argument, with the part of it: ``pair[0]``."""
        part = self.guess.part
        shown = part if part.isdigit() else repr(part)
        return f"{self.guess.name}[{shown}]" if part else self.guess.name

    @property
    def is_optional(self) -> bool:
        """Whether it has a default."""
        return bool(self.guess.default)

    @property
    def form(self) -> InputForm | None:
        """What the text says; None where it says nothing."""
        try:
            return read_form(self.text) if self.text.strip() else None
        except QvizError:
            return None

    @property
    def fault(self) -> str:
        """What is wrong with the text; "" where nothing is."""
        if not self.is_on:
            return ""
        try:
            read_form(self.text)
        except QvizError as error:
            return error.message if self.text.strip() else ""
        return ""

    def with_text(self, text: str) -> InputRow:
        """Return the row as the user wrote it."""
        return self if text == self.text else replace(self, text=text, is_touched=True)

    def with_sides(self, sides: tuple[int, ...]) -> InputRow:
        """Return the row with another shape; of what is no tensor yet, a random one."""
        form = self.form
        drawn = form._replace(sides=sides) if isinstance(form, DrawnTensor) else DrawnTensor(sides)
        return self.with_text(drawn.text)

    def with_dtype(self, dtype: str) -> InputRow:
        """Return the row with another dtype; values that it cannot have become the usual ones."""
        form = self.form
        if not isinstance(form, DrawnTensor) or form.dtype == dtype:
            return self
        changed = form._replace(dtype=dtype)
        if changed.is_of_integers != form.is_of_integers and form.values != "zeros":
            changed = changed._replace(values="uniform" if changed.is_of_integers else "normal", first="", second="")
        return self.with_text(changed.text)

    def with_values(self, values: str, first: str = "", second: str = "") -> InputRow:
        """Return the row with other values."""
        form = self.form
        if not isinstance(form, DrawnTensor):
            return self
        usual = {"uniform": ("0", "1"), "normal": ("", ""), "zeros": ("", "")}[values]
        ends = (first, second) if first and second else usual
        changed = DrawnTensor(form.sides, form.dtype, values, *ends)  # type: ignore[arg-type] # one of the three
        return self.with_text(changed.text)

    def switched(self, is_on: bool) -> InputRow:
        """Return the row given, or left at its default."""
        return replace(self, is_on=is_on, is_touched=True)


def sides_of(text: str) -> tuple[int, ...] | None:
    """Return the shape that was typed, with any of the usual signs between the numbers; None where it is none."""
    parts = text.replace("×", "x").replace("*", "x").replace(",", "x").replace(" ", "").strip("()[]").split("x")
    parts = [each for each in parts if each]
    return tuple(map(int, parts)) if parts and all(each.isdecimal() for each in parts) else None


def rows_of(call: ModelCall, texts: Sequence[str]) -> tuple[InputRow, ...]:
    """Return the rows of what the engine guessed; what a plan already says stands in their place."""
    return _with_texts(tuple(_row(each) for each in call.arguments), texts)


def rows_of_signature(forward: Sequence[Parameter] | None, texts: Sequence[str]) -> tuple[InputRow, ...]:
    """Return the rows of what the file alone tells: names and defaults."""
    known = [each for each in forward or () if each.kind != "double star"]
    shown = (
        ArgumentGuess(
            f"*{each.name}" if each.kind == "star" else each.name,
            default=each.default or "",
            text=f"={each.default}" if _is_literal(each) else "",
            is_left_out=each.default is not None,
        )
        for each in known
    )
    return _with_texts(tuple(map(_row, shown)), texts)


def _is_literal(each: Parameter) -> bool:
    return each.default not in (None, "None")


def _row(guess: ArgumentGuess) -> InputRow:
    return InputRow(guess, guess.text, is_on=not guess.is_left_out)


def _with_texts(rows: tuple[InputRow, ...], texts: Sequence[str]) -> tuple[InputRow, ...]:
    """Put the texts of a plan into rows: by name, or by position where they have none."""
    if not texts:
        return rows
    order = list(dict.fromkeys(row.guess.name for row in rows))
    given: dict[str, str] = {}
    place = 0
    for text in texts:
        name, rest = split_name(text)
        if not name:
            name = order[place] if place < len(order) else f"*{place}"
            place += 1
        given[name] = rest
    merged: list[InputRow] = []
    for name in dict.fromkeys((*order, *given)):
        own = [row for row in rows if row.guess.name == name]
        merged += _given(name, own, given[name]) if name in given else [replace(row, is_on=False) for row in own]
    return tuple(merged)


def _given(name: str, own: list[InputRow], text: str) -> list[InputRow]:
    row = InputRow(own[0].guess if own else ArgumentGuess(name), text, is_touched=True)
    form = row.form
    if isinstance(form, SeveralInputs):
        parts = form.names or tuple(map(str, range(len(form.parts))))
        guesses = {each.guess.part: each.guess for each in own}
        return [
            InputRow(guesses.get(part, ArgumentGuess(name, part)), each.text, is_touched=True)
            for part, each in zip(parts, form.parts, strict=True)
        ]
    whole = [each for each in own if not each.guess.part]
    return [replace(row, guess=whole[0].guess if whole else ArgumentGuess(name))]


def inputs_of(rows: Sequence[InputRow]) -> tuple[str, ...]:
    """Return the rows as a plan has them; an argument whose part is not known yet is left out."""
    guesses = (
        ArgumentGuess(row.guess.name, row.guess.part, row.text.strip(), is_left_out=not row.is_on) for row in rows
    )
    return texts_of(tuple(guesses))


def missing(rows: Sequence[InputRow]) -> tuple[str, ...]:
    """Return the rows that are given, but not known."""
    return tuple(row.name for row in rows if row.is_on and row.form is None)


def is_random(rows: Sequence[InputRow]) -> bool:
    """Tell whether anything that is given is made up: random numbers or zeros."""
    return any(row.is_on and not isinstance(row.form, LiteralInput) and _is_drawn(row.form) for row in rows)


def _is_drawn(form: InputForm | None) -> bool:
    if isinstance(form, SeveralInputs):
        return any(map(_is_drawn, form.parts))
    return isinstance(form, DrawnTensor)
