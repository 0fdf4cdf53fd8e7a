"""Finds and loads a model, its inputs and its calibration data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch._subclasses import FakeTensorMode
from torch.export import ExportedProgram
from torch.nn import Module

from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.engine.failures import line_of
from qviz.engine.loading.calibration import Batches, Changed, calibration_batches, drawn_batches
from qviz.engine.loading.downloads import wants_download
from qviz.engine.loading.fake_tensors import built, fake_mode, inside, on_fakes, refuse_flow, refuse_made
from qviz.engine.loading.forward import Arguments, arrange, as_arguments
from qviz.engine.loading.importing import forget, import_name, import_of
from qviz.engine.loading.inputs import call_users, plan_inputs
from qviz.engine.loading.inputs import make as make_inputs
from qviz.engine.loading.metric import UserMetric, find_metric
from qviz.engine.loading.missing_gpu import asks_for_gpu, gpu_elsewhere
from qviz.engine.loading.model_files import OpenedModel, of_program, open_model, refuse_program
from qviz.engine.loading.ready_step import ReadyStep
from qviz.engine.loading.recipe import Origin, recipe, written_data, written_inputs
from qviz.engine.loading.returned import begins_with_model, taken_apart
from qviz.engine.loading.training import find_training
from qviz.engine.loading.weights import load_weights
from qviz.engine.loading.written import Written
from qviz.errors import QvizError
from qviz.sources.kinds import kind_of
from qviz.sources.other_forms import FORMS
from qviz.sources.text import Name, read_name
from qviz.words import tr
from qviz.words.formats import listed


class InputsMissingError(QvizError):
    """A model without anything to call it with.

    Args:
        message: Which.
        hint: What to give.
        module: The model, as far as it came.
    """

    def __init__(self, message: str, hint: str, module: Module) -> None:
        super().__init__(message, hint, option="--input 1x3x224x224")
        self.module = module


@dataclass(frozen=True, init=False)
class Loaded:
    """A model with what it is to be run on.

    Inputs and batches may be given as users have them: tuples, dicts by name, lone tensors.

    Attributes:
        module: The user's own object; flows work on copies.
        inputs: The example call of ``forward``.
        batches: Calibration data as such calls; None means the example inputs, once.
        file: The file it came from, if it came from one.
        is_ours: The object was made for this run, and nobody else has it.
        python: Makes ``model``, ``example_inputs`` and ``batches`` again; none for a model in hand.
        training: Trains a prepared model; none demonstrates.
        evaluation: What the models are compared on, as such calls; None means the calibration data.
        metric: The user's own figure of a model.
        steps: What was done to make the model ready for a flow.
        is_ready: Nothing more is to be done.
        fake: The mode of the fake tensors that it is made of; None where it has its weights.
    """

    module: Module
    inputs: Arguments
    batches: Iterable[Arguments] | None = None
    file: str | None = None
    is_ours: bool = False
    python: str | None = None
    training: Written | None = None
    evaluation: Iterable[Arguments] | None = None
    metric: UserMetric | None = None
    steps: tuple[ReadyStep, ...] = ()
    is_ready: bool = False
    fake: FakeTensorMode | None = None

    def __init__(  # noqa: PLR0913, PLR0917 - the fields above
        self,
        module: Module,
        inputs: Arguments | torch.Tensor | Sequence[Any] | Mapping[str, Any],
        batches: Iterable[Any] | None = None,
        file: str | None = None,
        is_ours: bool = False,
        python: str | None = None,
        training: Written | None = None,
        evaluation: Iterable[Any] | None = None,
        metric: UserMetric | None = None,
        steps: tuple[ReadyStep, ...] = (),
        is_ready: bool = False,
        fake: FakeTensorMode | None = None,
    ) -> None:
        called = as_arguments(inputs, module)
        if batches is not None and not isinstance(batches, (Batches, Changed)):
            batches = Batches(batches, called, module)
        if evaluation is not None and not isinstance(evaluation, (Batches, Changed)):
            evaluation = Batches(evaluation, called, module)
        given = {"module": module, "inputs": called, "batches": batches, "file": file, "is_ours": is_ours}
        given |= {"python": python, "training": training, "evaluation": evaluation, "metric": metric}
        given |= {"steps": steps, "is_ready": is_ready, "fake": fake}
        for name, value in given.items():
            object.__setattr__(self, name, value)


def load(plan: Plan) -> Loaded:
    """Load what the plan names, by the loader of its kind; runs the user's code.

    Raises:
        QvizError: Not found, not importable, no model, or no inputs.
    """
    forget()
    place, _, name = kind_of(plan.source).loader.partition(":")
    if not name:
        raise QvizError(tr("{source} holds no model to run", source=plan.source), FORMS)
    loader: Callable[[Plan], Loaded] = getattr(import_module(place), name)
    if plan.fake:
        refuse_flow(plan)
    return loader(plan)


def load_name(plan: Plan) -> Loaded:
    """Load a model by the name of its class, instance or function."""
    kind = kind_of(plan.source)
    name = read_name(plan.source)
    place, found = import_name(name, "model", wanted=_is_model)
    fake = fake_mode() if plan.fake else None
    if fake is not None:
        refuse_made(f"{name.place}:{name.attribute}", found)
    made = built(fake, lambda: _make(found, name))
    call = "" if made is found else f"({name.written_arguments})"
    returned = taken_apart(made, f"{name.attribute}{call and '()'}", f"{name.attribute}{call}")
    module = returned.model
    if isinstance(module, ExportedProgram):
        if fake is not None:
            refuse_made(f"{name.place}:{name.attribute}", None)
        return _load_program(plan, name, place, module, f"{name.attribute}{call}{returned.at}")
    if plan.weights is not None and fake is None:
        load_weights(module, plan.weights)
    torch.manual_seed(plan.seed)
    planned = plan_inputs(plan.inputs, module)
    beside = None if len(planned) or returned.has_inputs else _beside(place)
    if len(planned):
        with inside(fake):
            inputs = make_inputs(planned)
    elif beside is not None or returned.has_inputs:
        inputs = as_arguments(returned.inputs if beside is None else beside[1], module)
    else:
        raise InputsMissingError(
            tr("{source} has no example inputs", source=plan.source),
            tr("Give one for each argument, such as 1x3x224x224, or define example_inputs beside the model."),
            module,
        )
    inputs = inputs if fake is None else on_fakes(fake, inputs)
    batches = None if fake is not None else calibration_batches(plan.calibrate, place, inputs, module)
    origin = Origin(name, found, returned, module, planned, beside, inputs, batches is not None)
    if batches is None and fake is None:
        batches = drawn_batches(planned, inputs, plan.random_batches)
    file = Path(name.place).absolute() if name.is_file and not kind.is_shipped else None
    return Loaded(
        module=module,
        inputs=inputs,
        batches=batches,
        file=str(file) if file else None,
        is_ours=isinstance(found, type) or kind.is_shipped,
        python=recipe(plan, origin),
        training=find_training(plan, place),
        evaluation=None if fake else calibration_batches(plan.evaluate, place, inputs, module, "evaluation_data"),
        metric=find_metric(plan),
        steps=returned.steps,
        fake=fake,
    )


def load_file(plan: Plan) -> Loaded:
    """Load a file that holds a model whole; everything else comes from the plan."""
    if plan.fake:
        refuse_made(plan.source, None)
    file = str(Path(plan.source).expanduser().absolute())
    return _load_whole(plan, open_model(plan), ModuleType("nowhere"), file)


def _load_program(plan: Plan, name: Name, place: ModuleType, program: ExportedProgram, expression: str) -> Loaded:
    """Load an exported program that is in hand; it has its own inputs."""
    refuse_program(f"{name.place}:{name.attribute}", flow(plan.flow))
    held = of_program(program, expression)
    imported = import_of(name, name.attribute.split(".")[0])
    file = str(Path(name.place).absolute()) if name.is_file else None
    return _load_whole(plan, held._replace(python=f"{imported}\n{held.python}"), place, file)


def _load_whole(plan: Plan, held: OpenedModel, place: ModuleType, file: str | None) -> Loaded:
    if plan.weights is not None:
        raise QvizError(
            tr("{source} holds its weights", source=plan.source),
            tr("Leave out the file of weights."),
            option="--weights",
        )
    torch.manual_seed(plan.seed)
    planned = plan_inputs(plan.inputs, held.module)
    inputs = make_inputs(planned) if len(planned) else held.inputs
    if inputs is None:
        raise InputsMissingError(
            tr("{source} has no example inputs", source=plan.source),
            tr("Give one for each argument, such as 1x3x224x224."),
            held.module,
        )
    if held.inputs is not None:  # an exported program is called as it was exported
        inputs, planned = (arrange(each.values, held.inputs) for each in (inputs, planned))
    batches = calibration_batches(plan.calibrate, place, inputs, held.module)
    own_data = plan.calibrate is None and batches is not None
    beside = import_of(read_name(plan.source), "calibration_data") if own_data else None
    batches = drawn_batches(planned, inputs, plan.random_batches) if batches is None else batches
    names = "example_inputs, example_kwargs" if inputs.kwargs else "example_inputs, _"
    python = "\n".join(
        [
            "from torch.ao.quantization.fx import _decomposed  # the operators of quantized programs\n",
            f"torch.manual_seed({plan.seed})\n",
            held.python,
            written_inputs(planned) if len(planned) else f"{names} = program.example_inputs",
            written_data(plan, inputs, held.module, beside, planned),
        ]
    )
    evaluation = calibration_batches(plan.evaluate, place, inputs, held.module, "evaluation_data")
    training = None if plan.train is None else find_training(plan, place)
    metric = find_metric(plan)
    return Loaded(held.module, inputs, batches, file, True, python, training, evaluation, metric, held.steps)


def _is_model(value: Any) -> bool:
    """Tell whether a value of a file may be what was meant: a model, or a class that the file does not import."""
    is_own = isinstance(value, type) and not value.__module__.startswith("torch.")
    return isinstance(value, Module) or (is_own and issubclass(value, Module))


def _make(found: Any, name: Name) -> Any:
    """Return what a name stands for, or what calling it gives."""
    if (isinstance(found, (Module, ExportedProgram, Mapping)) or begins_with_model(found)) and name.arguments is None:
        return found
    if not callable(found) or isinstance(found, Module):
        source = f"{name.place}:{name.attribute}"
        raise QvizError(
            tr("{source} is a {type}, not a function", source=source, type=type(found).__name__)
            if isinstance(found, Module)
            else tr("{source} is a {type}, not a model", source=source, type=type(found).__name__),
            tr("Name a Module class, an instance, or a function that returns one."),
        )
    try:
        return name.call(found)
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        if asks_for_gpu(error):
            raise gpu_elsewhere(f"{name.attribute}()", error) from error
        raise _call_failed(found, name, error) from error


def _call_failed(found: Any, name: Name, error: BaseException) -> QvizError:
    """Return what to say of a class or function that does not give a model when it is called."""
    call = f"{name.attribute}({name.written_arguments})"
    where = line_of(error)
    if where is None and isinstance(error, TypeError) and (missing := _missing(found, name)):
        return QvizError(
            tr("{call} needs a value for {names}", call=call, names=listed(missing)),
            tr(
                "Give it as a Python literal, as in {name}({first}=18), or name a function without arguments that "
                "builds the model and returns it.",
                name=name.attribute,
                first=missing[0],
            ),
        )
    message = tr("{call} failed: {type}: {error}", call=call, type=type(error).__name__, error=error)
    if where:
        message = tr("{message} at {file}:{line}", message=message, file=where.file, line=where.line)
    if isinstance(error, FileNotFoundError):
        hint = tr(
            "Give the file's full path there, or one from the folder of the code: Path(__file__).parent / 'name'."
        )
        return QvizError(message, hint)
    if wants_download(error):
        return QvizError(message, tr("Download it before, or build the model without its weights."))
    if not _parameters(found):
        return QvizError(message, tr("Fix that line.") if where else tr("Fix the function first."))
    return QvizError(message, tr("If it takes arguments, give them, as in {name}(depth=18).", name=name.attribute))


def _parameters(found: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(found).parameters
    except (TypeError, ValueError):  # Python cannot tell them
        return {}


def _missing(found: Any, name: Name) -> list[str]:
    """Return the parameters that a call leaves without a value."""
    known = _parameters(found)
    try:
        given = inspect.signature(found).bind_partial(*name.positional, **(name.arguments or {})).arguments
    except (TypeError, ValueError):
        return []
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        key
        for key, each in known.items()
        if key not in given and each.default is each.empty and each.kind not in variable
    ]


def _beside(place: ModuleType) -> tuple[str, Any] | None:
    """Return the expression and the value of ``example_inputs`` in the source's file, if it has some."""
    found = getattr(place, "example_inputs", None)
    if found is None:
        return None
    if callable(found):
        return "example_inputs()", call_users("example_inputs()", found)
    return "example_inputs", found
