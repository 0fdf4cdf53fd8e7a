"""The call of a model as Python, as the inputs page shows and copies it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.session.input_rows import InputRow
from qviz.sources.input_text import DrawnTensor, InputForm, LiteralInput, SeveralInputs, TensorsOfFile, UsersCall
from qviz.sources.kinds import kind_of
from qviz.sources.model_list import ListedModel
from qviz.sources.text import Name, read_name


def call_code(plan: Plan, rows: Sequence[InputRow], model: ListedModel | None) -> str:
    """Return Python that makes the model, its inputs and the call; "" where the source is no name."""
    try:
        name = read_name(plan.source)
    except QvizError:
        return ""
    if kind_of(plan.source).is_whole or not name.attribute:
        return ""
    made: dict[str, list[InputRow]] = {}
    for row in rows:
        if row.is_on:
            made.setdefault(row.guess.name, []).append(row)
    lines = ["import torch", *_imports(name), *_input_imports(rows), ""]
    lines += [f"model = {_expression(name, model)}.eval()"]
    if plan.weights is not None:
        lines += _loads(plan.weights)
    lines += [f"torch.manual_seed({plan.seed})"]
    variables = {argument: argument.lstrip("*") or "x" for argument in made}
    lines += [f"{variables[argument]} = {_written(parts)}" for argument, parts in made.items()]
    given = [_given(argument, variables[argument], parts[0]) for argument, parts in made.items()]
    return "\n".join([*lines, "with torch.no_grad():", f"    y = model({', '.join(given)})"])


def _imports(name: Name) -> Iterator[str]:
    first = name.attribute.split(".")[0]
    if not name.is_file:
        yield f"from {name.place} import {first}"
        return
    path = Path(name.place)
    if path.is_absolute():
        yield "import sys"
        yield f"sys.path.append({str(path.parent)!r})"
    yield f"from {path.stem} import {first}"


def _loads(path: str) -> list[str]:
    if path.endswith(".safetensors"):
        return ["from safetensors.torch import load_file", f"model.load_state_dict(load_file({path!r}))"]
    return [f"model.load_state_dict(torch.load({path!r}, weights_only=True))"]


def _input_imports(rows: Sequence[InputRow]) -> Iterator[str]:
    for row in rows:
        if row.is_on and isinstance(row.form, UsersCall):
            yield from _imports(read_name(row.form.text))


def _expression(name: Name, model: ListedModel | None) -> str:
    is_instance = model is not None and model.candidate.kind == "instance" and name.arguments is None
    return name.attribute if is_instance else f"{name.attribute}({name.written_arguments})"


def _written(parts: list[InputRow]) -> str:
    values = [_value(row.form) for row in parts]
    if not parts[0].guess.part:
        return values[0]
    if all(row.guess.part.isdigit() for row in parts):
        return f"({', '.join(values)}{',' if len(values) == 1 else ''})"
    return "{" + ", ".join(f"{row.guess.part!r}: {value}" for row, value in zip(parts, values, strict=True)) + "}"


def _value(form: InputForm | None) -> str:  # noqa: PLR0911 - a case for each form
    match form:
        case DrawnTensor():
            return form.python.removesuffix(".to(torch.int64)")  # randint gives that anyway
        case LiteralInput():
            return repr(form.value)
        case TensorsOfFile():
            return (
                f"torch.load({form.path!r}, weights_only=True)" if form.path.endswith(".pt") else f"...  # {form.path}"
            )
        case UsersCall():
            name = read_name(form.text)
            return f"{name.attribute}({name.written_arguments})"
        case SeveralInputs():
            values = [_value(each) for each in form.parts]
            if form.names:
                return "{" + ", ".join(f"{n!r}: {v}" for n, v in zip(form.names, values, strict=True)) + "}"
            return f"({', '.join(values)},)"
        case _:
            return "..."


def _given(argument: str, variable: str, row: InputRow) -> str:
    return variable if argument.startswith("*") or not row.is_optional else f"{argument}={variable}"
