"""A plan that was tried as text: the TOML of a plan file, and Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from qviz.document import plan_file
from qviz.document.plan import Plan
from qviz.document.plan_patch import patch
from qviz.errors import QvizError
from qviz.words import tr, trn

_PUBLIC = "qviz"
_WIDTH = 100


def toml_of(before: Plan, tried: Plan) -> str:
    """Return a plan file; what a choice adds stands behind the rest, under a comment.

    Args:
        before: The plan without the choice.
        tried: The plan with it.
    """
    whole, added = plan_file.write(tried), patch(before, tried)
    if not added:
        return whole
    comment = trn(_rules(tried) - _rules(before), "{count} rule from Try it", "{count} rules from Try it")
    text = f"{plan_file.write(before)}\n# {comment}\n{added}"
    try:
        return text if plan_file.read(text) == tried else whole
    except QvizError:  # rules that stand in brackets cannot be added to
        return whole


def python_of(plan: Plan) -> str:
    """Return Python that runs a plan by qviz; plain torch is written by a run."""
    lines, modules = [*_written(plan, "plan = ", "")], sorted(_types(plan) - {Plan.__name__})
    wanted = f"from qviz.document.configuration import {', '.join(modules)}\n" if modules else ""
    comment = tr("A run of this configuration writes the same in plain torch, without qviz.")
    made = "\n".join(lines)
    return f"# {comment}\nimport qviz\n{wanted}\n{made}\nresult = qviz.inspect(model, example_inputs, plan=plan)\n"


def _rules(plan: Plan) -> int:
    return len(plan.rules) + len(plan.quantizer_options.rules)


def _written(value: Any, before: str, indent: str, after: str = "") -> Iterator[str]:
    """Yield the lines of an expression: one where it is short, else one for each part."""
    short = f"{indent}{before}{_short(value)}{after}"
    if len(short) <= _WIDTH and not isinstance(value, Plan):
        yield short
    elif isinstance(value, msgspec.Struct):
        yield f"{indent}{before}{_called(value)}("
        for name, field in _set(value):
            yield from _written(field, f"{name}=", f"{indent}    ", ",")
        yield f"{indent}){after}"
    elif isinstance(value, tuple):
        yield f"{indent}{before}("
        for each in value:
            yield from _written(each, "", f"{indent}    ", ",")
        yield f"{indent}){after}"
    else:
        yield short


def _short(value: Any) -> str:
    if isinstance(value, msgspec.Struct):
        return f"{_called(value)}({', '.join(f'{name}={_short(field)}' for name, field in _set(value))})"
    if isinstance(value, tuple):
        inner = ", ".join(map(_short, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def _called(value: msgspec.Struct) -> str:
    name = type(value).__name__
    return f"{_PUBLIC}.{name}" if isinstance(value, Plan) else name


def _set(value: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """Yield the fields that are not as by default."""
    plain = msgspec.to_builtins(value)  # which leaves those out
    for name in value.__struct_fields__:
        if name in plain:
            yield name, getattr(value, name)


def _types(value: Any) -> set[str]:
    """Return the classes that an expression names."""
    if isinstance(value, msgspec.Struct):
        return {type(value).__name__}.union(*(_types(each) for _, each in _set(value)))
    return set().union(*map(_types, value)) if isinstance(value, tuple) else set()
