"""Writes down how a model, its inputs and its batches were made, as Python that does it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from torch.nn import Module

from qviz.document.plan import Plan
from qviz.engine.importing import dotted_name
from qviz.engine.inputs import FILES, parameters
from qviz.engine.naming import Name, read_name

_ARGUMENTS = """

def arguments(batch):
    if isinstance(batch, dict):
        batch = [batch[name] for name in {names}]
    return (tuple(batch) if isinstance(batch, (tuple, list)) else (batch,))[:{width}]


batches = map(arguments, {data})"""


def in_hand(type_name: str) -> str:
    """Return what stands for a model that the caller had."""
    return (
        f"model = ...  # the {type_name} that was inspected, in eval mode\n"
        "example_inputs = ...  # its example inputs\n"
        "batches = [example_inputs]  # or the calibration data"
    )


class Origin(NamedTuple):
    """Where the parts of a run came from.

    Attributes:
        found: What the source's name stands for.
        made: What calling it gave, or `found` itself.
        module: The model.
        given: The Python of each ``--input``; none if the inputs stand with the model.
        beside: The expression and the value of ``example_inputs`` in the source's file, if the run took them.
        width: How many inputs there are.
        has_data: Whether there is calibration data.
    """

    found: Any
    made: Any
    module: Module
    given: tuple[str, ...]
    beside: tuple[str, Any] | None
    width: int
    has_data: bool


def recipe(plan: Plan, origin: Origin) -> str:
    """Return Python that leaves ``model``, ``example_inputs`` and ``batches``."""
    name = read_name(plan.source)
    is_instance = isinstance(origin.found, Module)
    expression = name.attribute if is_instance else f"{name.attribute}({name.written_arguments})"
    parts = [f"torch.manual_seed({plan.seed})\n", _from(name, plan.source)]
    if not isinstance(origin.made, tuple):
        parts.append(f"model = {expression}.eval()")
    elif origin.given:
        parts.append(f"model = {expression}[0].eval()")
    else:
        parts.append(f"model, given = {expression}\nmodel.eval()")
    parts.append(f"torch.manual_seed({plan.seed})\n{_inputs(plan, name, origin)}")
    parts.append(_batches(plan, name, origin))
    return "\n".join(parts)


def _from(name: Name, source: str) -> str:
    """Return the import of a name; a sample is written out, because it is no module of anything."""
    if source.startswith("sample:"):
        return Path(name.place).read_text(encoding="utf-8").strip() + "\n\n"
    return import_of(name, name.attribute.split(".")[0])


def import_of(name: Name, attribute: str) -> str:
    """Return the statement that imports an attribute of the file or module that a name stands in."""
    if not name.is_file:
        return f"from {name.place} import {attribute}"
    root, dotted = dotted_name(Path(name.place).expanduser().absolute())
    lines = ["import sys", f"sys.path.append({str(root)!r})"]
    if all(part.isidentifier() for part in dotted.split(".")):
        return "\n".join([*lines, f"from {dotted} import {attribute}"])
    return "\n".join(["import importlib", *lines, f"{attribute} = importlib.import_module({dotted!r}).{attribute}"])


def _inputs(plan: Plan, name: Name, origin: Origin) -> str:
    if origin.beside is None:
        values = f"({', '.join(origin.given)},)" if origin.given else _arguments("given", origin.made[1], origin.module)
        return f"example_inputs = {values}"
    value = _arguments(*origin.beside, origin.module)
    imported = "" if plan.source.startswith("sample:") else import_of(name, "example_inputs") + "\n"
    return imported if value == "example_inputs" else f"{imported}example_inputs = {value}"


def _arguments(expression: str, value: Any, module: Module) -> str:
    match value:
        case tuple():
            return expression
        case list():
            return f"tuple({expression})"
        case dict() if set(value) <= set(parameters(module)):
            names = [key for key in parameters(module) if key in value]
            return f"tuple(map({expression}.get, {names}))"
        case _:
            return f"({expression},)"


def _batches(plan: Plan, name: Name, origin: Origin) -> str:
    if not origin.has_data:
        return "batches = [example_inputs]"
    if plan.calibrate is not None and plan.calibrate.endswith(FILES):
        return f"batches = ...  # {plan.calibrate}, cut into batches like example_inputs"
    names = list(parameters(origin.module))[: origin.width]
    if plan.calibrate is None:
        imported, data = import_of(name, "calibration_data"), "calibration_data"
    else:
        called = read_name(plan.calibrate)
        imported, data = import_of(called, called.attribute.split(".")[0]), called.attribute
        if called.arguments is not None:
            data = f"{called.attribute}({called.written_arguments})"
    data = f"{data}() if callable({data}) else {data}"
    return imported + _ARGUMENTS.format(names=names, width=origin.width, data=data)
