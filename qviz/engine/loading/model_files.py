"""Loads models from files that hold them whole: ``.pt2`` of torch.export, ``.pt`` with a pickled module.

Both run whatever code their author put in; only the engine opens them, after the user said that she trusts the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch.ao.quantization.fx import _decomposed  # noqa: F401 - a quantized .pt2 names its operators
from torch.fx import GraphModule
from torch.nn import Module

from qviz.document.flows import DEFAULT_FLOW_OF_PROGRAMS, flow
from qviz.document.plan import Plan, is_exported_program
from qviz.engine.loading.forward import Arguments
from qviz.errors import QvizError
from qviz.words import tr


class OpenedModel(NamedTuple):
    """What a file held: the module, and for a ``.pt2`` the inputs that it was exported with."""

    module: Module
    inputs: Arguments | None
    python: str


def is_program(module: Module) -> bool:
    """Tell whether a module is an exported program's, which is a graph already and has no mode to switch."""
    return isinstance(module, GraphModule) and "_in_spec" in module.__dict__  # torch.export's mark; torch.fx has none


def open_model(plan: Plan) -> OpenedModel:
    """Open the plan's file; runs code from it.

    Raises:
        QvizError: Not found, or it holds something else.
    """
    path = Path(plan.source).expanduser().absolute()
    if not path.is_file():
        raise QvizError(tr("{path} was not found", path=path), tr("Check the path."))
    return _open_program(path, plan) if is_exported_program(path.name) else _open_pickle(path)


def _open_program(path: Path, plan: Plan) -> OpenedModel:
    chosen = flow(plan.flow)
    if chosen is not None and not chosen.takes_exported_programs:
        raise QvizError(
            tr("{name} is an exported program, which only PT2E flows accept", name=path.name),
            tr(
                "Use a PT2E flow, such as {flow}.",
                flow=DEFAULT_FLOW_OF_PROGRAMS,
            ),
        )
    try:
        program = torch.export.load(path)
        module = program.module()
    except Exception as error:  # zip, JSON, pickle and torch raise a dozen kinds
        raise _unreadable(path, error, tr("Save it with torch.export.save of this version of torch.")) from error
    python = f"program = torch.export.load({str(path)!r})\nmodel = captured = program.module()"
    if program.example_inputs is None:
        return OpenedModel(module, None, python)
    args, kwargs = program.example_inputs
    return OpenedModel(module, Arguments(tuple(args), dict(kwargs)), python)


def _open_pickle(path: Path) -> OpenedModel:
    try:
        held = torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:  # a pickle may raise anything
        raise _unreadable(path, error, tr("Make the classes of the model importable from here.")) from error
    if not isinstance(held, Module):
        raise QvizError(
            tr("{name} holds weights without their model", name=path.name)
            if isinstance(held, dict)
            else tr("{name} holds a {type}, not a model", name=path.name, type=type(held).__name__),
            tr("Name a .py file with a function that builds the model and loads the weights."),
        )
    return OpenedModel(held, None, f"model = torch.load({str(path)!r}, map_location='cpu', weights_only=False)")


def _unreadable(path: Path, error: Exception, hint: str) -> QvizError:
    text = str(error).strip().partition("\n")[0] or type(error).__name__
    return QvizError(tr("{name} could not be opened: {spec}", name=path.name, spec=text), hint)
