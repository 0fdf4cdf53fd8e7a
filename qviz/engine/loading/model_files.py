"""Loads models from files that hold them whole: ``.pt2`` of torch.export, ``.pt`` with a pickled module.

Both run whatever code their author put in; only the engine opens them, after the user said that she trusts the file.
"""

from __future__ import annotations

import os
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple

import torch
from torch.ao.quantization.fx import _decomposed  # noqa: F401 - a quantized .pt2 names its operators
from torch.export import ExportedProgram
from torch.nn import Module

from qviz.document.flows import DEFAULT_FLOW_OF_PROGRAMS, Flow, flow
from qviz.document.plan import Plan, is_exported_program
from qviz.document.regular_files import OpenedFile
from qviz.document.said import Said
from qviz.engine.loading.broker import opened_model
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.importing import import_beside
from qviz.engine.loading.ready_step import ReadyStep
from qviz.engine.loading.weights import unnamed_weights, weights_alone
from qviz.errors import QvizError
from qviz.trust.model_looks import look
from qviz.words import tr
from qviz.words.formats import every, size


class OpenedModel(NamedTuple):
    """What a file or a function held whole.

    Attributes:
        module: The model.
        inputs: Of an exported program: those that it was exported with.
        python: The statements that make ``model``, and ``program`` of an exported one.
        steps: What was done to find it.
    """

    module: Module
    inputs: Arguments | None
    python: str
    steps: tuple[ReadyStep, ...] = ()


def module_of(model: object, flow_id: str | None) -> Module:
    """Return a model in hand as a module.

    Raises:
        QvizError: It is an exported program, and the flow takes none; or it is no model.
    """
    if isinstance(model, Module):
        return model
    if isinstance(model, ExportedProgram):
        refuse_program(tr("The model"), flow(flow_id))
        return model.module()
    name = tr("The model")
    if isinstance(model, Mapping):
        raise weights_alone(name, model, "...")
    raise QvizError(
        tr("{name} is a {type}, not a model", name=name, type=type(model).__name__),
        tr("Give a Module, or an exported program for a PT2E flow."),
    )


def refuse_program(name: str, flow: Flow | None) -> None:
    """Refuse an exported program where the flow takes none.

    Raises:
        QvizError: It takes none.
    """
    if flow is not None and not flow.takes_exported_programs:
        raise QvizError(
            tr("{name} is an exported program, which only PT2E flows accept", name=name),
            tr("Use a PT2E flow, such as {flow}.", flow=DEFAULT_FLOW_OF_PROGRAMS),
        )


def open_model(plan: Plan) -> OpenedModel:
    """Open the plan's file; runs code from it.

    Raises:
        QvizError: Not found, or it holds something else.
    """
    path = Path(os.path.abspath(os.path.expanduser(plan.source)))
    if not path.is_file():
        raise QvizError(tr("{path} was not found", path=path), tr("Check the path."))
    if not is_exported_program(path.name):
        return _open_pickle(opened_model(path))
    refuse_program(path.name, flow(plan.flow))
    return _open_program(opened_model(path))


def _open_program(content: OpenedFile) -> OpenedModel:
    path = content.path
    try:
        program = torch.export.load(content.file)
        return of_program(program, f"torch.export.load({str(path)!r})")
    except Exception as error:  # zip, JSON, pickle and torch raise a dozen kinds
        raise _unreadable(path, error, tr("Save it with torch.export.save of this version of torch.")) from error


def of_program(program: ExportedProgram, expression: str) -> OpenedModel:
    """Return an exported program as a model; the expression is the Python that gives it."""
    module = program.module()
    python = f"program = {expression}\nmodel = captured = program.module()"
    if program.example_inputs is None:
        return OpenedModel(module, None, python)
    args, kwargs = program.example_inputs
    return OpenedModel(module, Arguments(tuple(args), dict(kwargs)), python)


def _open_pickle(content: OpenedFile) -> OpenedModel:
    path = content.path
    folders = import_beside(path, look(content).modules)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.load says of a TorchScript archive what is said below
            held = torch.load(content.file, map_location="cpu", weights_only=False)
    except (AttributeError, ImportError) as error:  # a pickle names classes
        raise _unreadable(path, error, _where_classes_are(error)) from error
    except Exception as error:  # a pickle may raise anything
        if _is_damaged(path, error):
            raise _damaged(path, error) from error
        raise _unreadable(path, error, tr("Save it again with this version of torch.")) from error
    python = f"torch.load({str(path)!r}, map_location='cpu', weights_only=False)"
    if isinstance(held, Mapping):
        module, key = module_in(held, path.name, python)
        return OpenedModel(module, None, f"{_importing(folders)}model = {python}[{key!r}]", under_key(key))
    if isinstance(held, (tuple, list)) and (weights := unnamed_weights(path.name, held, python)) is not None:
        raise weights
    if isinstance(held, (tuple, list)) and held and isinstance(held[0], Mapping):
        raise weights_alone(path.name, held[0], f"{python}[0]")
    if not isinstance(held, Module):
        raise QvizError(
            tr("{name} holds a {type}, not a model", name=path.name, type=type(held).__name__),
            tr("Name a .py file with a function that builds the model and loads the weights."),
        )
    return OpenedModel(held, None, f"{_importing(folders)}model = {python}")


def _importing(folders: Sequence[Path]) -> str:
    """Return the statements after which Python finds the classes that stand beside the file."""
    return "".join(["import sys\n\n", *(f"sys.path.append({str(each)!r})\n" for each in folders)]) if folders else ""


def _where_classes_are(error: AttributeError | ImportError) -> str:
    """Return what to do about a class that a pickle names and Python does not find."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return tr(
            "Its classes are in {module}: put that beside the file, or install it beside qviz. Else save "
            "model.state_dict(), and name a function that builds the model and loads it.",
            module=error.name,
        )
    if "__main__" in str(error):  # pickle's words; nothing else of the error names the module
        return tr(
            "The script that saved it defined the class itself. Save it again from a script that imports the class "
            "from a file beside it; or save model.state_dict(), and name a function that builds the model and loads it."
        )
    return tr("Its classes have changed since it was saved: save it again with them as they are now.")


def module_in(held: Mapping[Any, Any], name: str, expression: str) -> tuple[Module, str]:
    """Return the model that a checkpoint holds beside other things, and its key.

    Args:
        held: The checkpoint.
        name: What holds it.
        expression: The Python that gives `held`.

    Raises:
        QvizError: It holds none, or several of which none is named ``model``.
    """
    found = {str(key): each for key, each in held.items() if isinstance(each, Module) and not is_loss(each)}
    if not found:
        raise weights_alone(name, held, expression)
    key = next(iter(found)) if len(found) == 1 else "model"
    if key not in found:
        chosen = f"{expression}[{next(iter(found))!r}]"
        raise QvizError(
            tr("{name} holds several models: {keys}", name=name, keys=every(found)),
            tr("Name a function that returns one of them, such as {chosen}.", chosen=chosen),
        )
    return found[key], key


def under_key(key: str | None) -> tuple[ReadyStep, ...]:
    """Return what tells that the model was found under a key; nothing without one."""
    return () if key is None else (ReadyStep(Said("made_ready.under_key", {}, {"key": key})),)


def is_loss(module: Module) -> bool:
    """Tell whether a module is one of torch's losses, which stand beside models."""
    return type(module).__module__ == "torch.nn.modules.loss"


def _is_damaged(path: Path, error: Exception) -> bool:
    """Tell whether the bytes are no archive that torch could have written: cut short, or of something else."""
    is_torn = isinstance(error, (EOFError, UnpicklingError, zipfile.BadZipFile, UnicodeDecodeError))
    return is_torn or path.stat().st_size == 0 or "PytorchStreamReader" in str(error) or "corrupt" in str(error)


def _damaged(path: Path, error: Exception) -> QvizError:
    if path.stat().st_size == 0:
        return QvizError(tr("{name} is empty", name=path.name), tr("Save or download it again."))
    return QvizError(
        tr("{name} is damaged, or not a file of torch.save: {cause}", name=path.name, cause=_first_line(error)),
        tr("Save or download it again; its size is {size}.", size=size(path.stat().st_size)),
    )


def _unreadable(path: Path, error: Exception, hint: str) -> QvizError:
    return QvizError(tr("{name} could not be opened: {spec}", name=path.name, spec=_first_line(error)), hint)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
