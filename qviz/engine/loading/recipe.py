"""Writes down how a model, its inputs and its batches were made, as Python that does it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch.nn import Module

from qviz.document.plan import Plan
from qviz.engine.loading.forward import Arguments, is_by_name, names
from qviz.engine.loading.importing import import_of
from qviz.engine.loading.modes import has_own_switch
from qviz.engine.loading.returned import Returned
from qviz.engine.loading.tensor_files import FILES, read_tensors
from qviz.engine.loading.weights import written_weights
from qviz.sources.text import Name, read_name

_ARGUMENTS = """

def arguments(batch):
    if isinstance(batch, dict):
        batch = [batch[name] for name in {names}]
    return (tuple(batch) if isinstance(batch, (tuple, list)) else (batch,))[:{width}]


batches = map(arguments, {data})"""
_WITH_KEYWORDS = """

def arguments(batch):
    if isinstance(batch, Mapping):
        batch = [batch[name] for name in {names}]
    values = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
    return values[:{width}], dict(zip({keywords}, values[{width}:]))


batches = map(arguments, {data})"""
_CUT = """

def column(tensor, example):
    if tensor.dim() != example.dim():
        return list(tensor)
    size = max(len(example), 1)
    return [tensor[start : start + size] for start in range(0, len(tensor) - size + 1, size)]


batches = list(zip(*map(column, [{tensors}], {examples})))"""


def in_hand(type_name: str, inputs: Arguments, is_captured: bool = False) -> str:
    """Return the placeholder for a model that the caller passed in; an exported program is captured already."""
    keywords = f"example_kwargs = ...  # those by keyword: {', '.join(inputs.kwargs)}\n" if inputs.kwargs else ""
    batch = "(example_inputs, example_kwargs)" if inputs.kwargs else "example_inputs"
    return (
        f"model = {'captured = ' if is_captured else ''}...  # the {type_name} that was inspected, in eval mode\n"
        f"example_inputs = ...  # its example inputs\n{keywords}"
        f"batches = [{batch}]  # or the calibration data"
    )


NOTHING = Arguments(())


class Origin(NamedTuple):
    """Where the parts of a run came from.

    Attributes:
        name: The source, taken apart.
        found: What it stands for.
        returned: The model, and what came with it.
        module: The model.
        given: The `Input` arguments of ``--input``; none if the inputs stand with the model.
        beside: The expression and the value of ``example_inputs`` in the source's file, if the run took them.
        inputs: What the model is called with.
        has_data: Whether there is calibration data.
    """

    name: Name
    found: Any
    returned: Returned
    module: Module
    given: Arguments
    beside: tuple[str, Any] | None
    inputs: Arguments
    has_data: bool


def recipe(plan: Plan, origin: Origin) -> str:
    """Return Python that leaves ``model``, ``example_inputs`` and ``batches``.

    A model that is called with keywords has ``example_kwargs``, too, and pairs of both as batches.
    """
    name = origin.name
    is_instance = isinstance(origin.found, (Module, Mapping, tuple, list))
    expression = name.attribute if is_instance else f"{name.attribute}({name.written_arguments})"
    parts = [f"torch.manual_seed({plan.seed})\n", _from(name, plan.source)]
    if origin.returned.has_inputs and not len(origin.given):
        rest = "" if origin.returned.is_pair else ", *_"
        parts.append(f"model, given{rest} = {expression}\nmodel.eval()")
    else:
        switch = "\nmodel.eval()" if has_own_switch(origin.module) else ".eval()"
        parts.append(f"model = {expression}{origin.returned.at}{switch}")
    if plan.weights is not None:
        parts.append(written_weights(plan.weights))
    parts.append(f"torch.manual_seed({plan.seed})\n{_inputs(plan, name, origin)}")
    beside = import_of(name, "calibration_data") if plan.calibrate is None and origin.has_data else None
    parts.append(written_data(plan, origin.inputs, origin.module, beside, origin.given))
    return "\n".join(parts)


def _from(name: Name, source: str) -> str:
    """Return the import of a name; a sample is written out, because it cannot be imported."""
    if source.startswith("sample:"):
        return Path(name.place).read_text(encoding="utf-8").strip() + "\n\n"
    return import_of(name, name.attribute.split(".")[0])


def _inputs(plan: Plan, name: Name, origin: Origin) -> str:
    if len(origin.given):
        return written_inputs(origin.given)
    if origin.beside is None:
        return _assigned("given", origin.returned.inputs, origin)
    imported = "" if plan.source.startswith("sample:") else import_of(name, "example_inputs") + "\n"
    value = _assigned(*origin.beside, origin)
    return imported if value == "example_inputs = example_inputs" else imported + value


def written_inputs(given: Arguments) -> str:
    """Return the statements that make the inputs of ``--input`` again."""
    setup = dict.fromkeys(line for each in given.values for line in each.setup)
    args, kwargs = _written_call(given)
    lines = [*setup, f"example_inputs = {args}"]
    if given.kwargs:
        lines.append(f"example_kwargs = {kwargs}")
    return "\n".join(lines)


def _written_call(given: Arguments) -> tuple[str, str]:
    """Return the tuple and the dict of a call of `Input` arguments."""
    args = "".join(f"{each.python}, " for each in given.args).strip()
    kwargs = ", ".join(f"{key!r}: {each.python}" for key, each in given.kwargs.items())
    return f"({args})", f"{{{kwargs}}}"


def _assigned(expression: str, value: Any, origin: Origin) -> str:
    """Return the assignments of inputs that stand with the model."""
    if isinstance(value, Mapping) and is_by_name(value, origin.module):
        by_position = list(names(origin.inputs, origin.module)[: len(origin.inputs.args)])
        if not origin.inputs.kwargs:
            return f"example_inputs = tuple(map({expression}.__getitem__, {by_position}))"
        keywords = f"example_kwargs = {{key: {expression}[key] for key in {list(origin.inputs.kwargs)}}}"
        # the keywords first: the variable may be named example_inputs itself
        return f"{keywords}\nexample_inputs = tuple({expression}[key] for key in {by_position})"
    match value:
        case _ if any(each is value for each in origin.inputs.args):  # a NamedTuple or a list may be one argument
            return f"example_inputs = ({expression},)"
        case tuple():
            return f"example_inputs = {expression}"
        case list():
            return f"example_inputs = tuple({expression})"
        case _:
            return f"example_inputs = ({expression},)"


def written_data(
    plan: Plan, inputs: Arguments, module: Module, beside: str | None = None, given: Arguments = NOTHING
) -> str:
    """Return the statements that make the batches.

    Args:
        plan: Names the calibration data.
        inputs: The example call.
        module: The model.
        beside: The import of ``calibration_data`` from beside the model, if that is taken.
        given: The `Input` arguments of ``--input``, of which more batches can be drawn.
    """
    if plan.calibrate is None and beside is None:
        first = "(example_inputs, example_kwargs)" if inputs.kwargs else "example_inputs"
        if plan.random_batches < 2 or not len(given):
            return f"batches = [{first}]"
        args, kwargs = _written_call(given)
        more = f"({args}, {kwargs})" if inputs.kwargs else args
        return f"batches = [{first}, *({more} for _ in range({plan.random_batches - 1}))]"
    if plan.calibrate is not None and plan.calibrate.endswith(FILES):
        return _written_file(plan.calibrate, inputs, module)
    imported, data = beside, "calibration_data"
    if plan.calibrate is not None:
        called = read_name(plan.calibrate)
        imported, data = import_of(called, called.attribute.split(".")[0]), called.attribute
        if called.arguments is not None:
            data = f"{called.attribute}({called.written_arguments})"
    data = f"{data}() if callable({data}) else {data}"
    return f"{imported}{_written_batches(data, inputs, module)}"


def _written_batches(data: str, inputs: Arguments, module: Module) -> str:
    """Return the statements that turn the batches of an expression into calls."""
    known = [name for name in names(inputs, module) if name]
    if not inputs.kwargs:
        return _ARGUMENTS.format(names=known, width=len(inputs), data=data)
    text = _WITH_KEYWORDS.format(names=known, width=len(inputs.args), keywords=list(inputs.kwargs), data=data)
    return f"\nfrom collections.abc import Mapping{text}"


def _written_file(text: str, inputs: Arguments, module: Module) -> str:
    """Return the statements that cut a file of tensors into batches."""
    held = read_tensors(Path(text)).ordered(names(inputs, module))
    examples = "[*example_inputs, *example_kwargs.values()]" if inputs.kwargs else "example_inputs"
    cut = _CUT.format(tensors=", ".join(held.python), examples=examples)
    if inputs.kwargs:
        width = len(inputs.args)
        cut += f"\nbatches = [(row[:{width}], dict(zip(example_kwargs, row[{width}:]))) for row in batches]"
    return "\n".join([*held.imports, cut.lstrip("\n") if not held.imports else cut])
