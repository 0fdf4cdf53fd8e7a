"""Makes a model ready for a flow, on a copy: takes it out of its wrappers, onto the CPU, into float32.

Each thing done is a `ReadyStep`, which says it and has the Python that does it again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module, Parameter
from torch.nn.parameter import is_lazy
from torch.utils import _pytree as pytree

from qviz.document.flows import Mode, flow
from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.engine.loading import default_arguments, wrappers
from qviz.engine.loading.calibration import Changed
from qviz.engine.loading.first_run import does_not_run
from qviz.engine.loading.float_types import FloatTypes, float_types, is_type_fault, named
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.model_files import is_program
from qviz.engine.loading.ready_step import ReadyStep
from qviz.engine.loading.refusals import refuse_unfit
from qviz.engine.loading.source import Loaded
from qviz.errors import QvizError
from qviz.words import tr
from qviz.words.formats import listed

_DETACHED = """
import copy
from torch.utils._pytree import tree_leaves

held = [each for module in model.modules() for each in tree_leaves(vars(module)) if isinstance(each, torch.Tensor)]
model = copy.deepcopy(model, {id(each): each.detach().clone() for each in held if each.grad_fn is not None})
"""
_NORMAL = """
import copy

model = copy.deepcopy(model)  # outside inference mode, copies are normal tensors
"""
_BUILT = """
torch.manual_seed({seed})
with torch.no_grad():
    model({call})  # builds the lazy parameters
"""
_INPUTS = """
from torch.utils._pytree import tree_map_only


def ready(each):
{lines}
    return each


example_inputs = tree_map_only(torch.Tensor, ready, example_inputs)
{keywords}batches = (tree_map_only(torch.Tensor, ready, batch) for batch in batches)
"""


@dataclass
class _TensorChanges:
    """What the copy of a model, and the data, will have that the original has not.

    Attributes:
        casts: The types that become float32.
        is_moved: Tensors go to the CPU.
        is_detached: Tensors that autograd made lose their history, as deepcopy demands.
        is_normal: Tensors made in inference mode become normal ones.
    """

    casts: tuple[torch.dtype, ...] = ()
    is_moved: bool = False
    is_detached: bool = False
    is_normal: bool = False
    steps: list[ReadyStep] = field(default_factory=list)

    def of_tensor(self, tensor: Tensor) -> Tensor:
        """Return a tensor as the copy has it."""
        tensor = tensor.cpu() if self.is_moved else tensor
        tensor = tensor.float() if tensor.dtype in self.casts else tensor
        return tensor.clone() if self.is_normal and tensor.is_inference() else tensor

    def written(self, has_keywords: bool) -> str:
        """Return the statements that change inputs and batches."""
        lines = ["    each = each.cpu()"] if self.is_moved else []
        if self.casts:
            types = ", ".join(f"torch.{named(each)}" for each in self.casts)
            lines.append(f"    each = each.float() if each.dtype in ({types},) else each")
        if self.is_normal:
            lines.append("    each = each.clone() if each.is_inference() else each")
        keywords = "example_kwargs = tree_map_only(torch.Tensor, ready, example_kwargs)\n" if has_keywords else ""
        return _INPUTS.format(lines="\n".join(lines), keywords=keywords) if lines else ""


def make_ready(loaded: Loaded, plan: Plan) -> Loaded:
    """Return what a flow can work on: the same where nothing is to be done, else with a copy of the model.

    Raises:
        QvizError: The model cannot be made ready.
    """
    if loaded.is_ready:
        return loaded
    chosen = flow(plan.flow)
    refuse_unfit(loaded.module, loaded.inputs, chosen)
    if is_program(loaded.module):
        return replace(loaded, is_ready=True)
    changes = _changes(loaded, plan)
    wrapped, compiled = wrappers.wrappings(loaded.module), wrappers.compiled_calls(loaded.module)
    inside = wrappers.core(loaded.module)
    has_lazy = any(is_lazy(each) for each in _tensors(inside))
    traces = chosen is None or chosen.mode is Mode.FX
    left_out = default_arguments.arguments_left_out(inside, loaded.inputs) if traces else []
    if not (changes.steps or wrapped or compiled or has_lazy or left_out):
        return replace(loaded, is_ready=True)
    steps = [*loaded.steps, *map(_unwrapped, wrapped), *changes.steps]
    module = _changed_copy(loaded, plan, changes, wrapped, steps, compiled)
    inputs = loaded.inputs.mapped(changes.of_tensor)
    if code := changes.written(bool(inputs.kwargs)):
        steps[-1] = steps[-1]._replace(python=steps[-1].python + code)
    if has_lazy:
        steps.append(_build(module, inputs, plan.seed))
    if left_out:
        steps.append(_fix(module, inputs, left_out))
    return replace(
        loaded,
        module=module,
        inputs=inputs,
        batches=loaded.batches if loaded.batches is None else Changed(loaded.batches, changes.of_tensor),
        evaluation=loaded.evaluation if loaded.evaluation is None else Changed(loaded.evaluation, changes.of_tensor),
        is_ours=True,
        steps=tuple(steps),
        is_ready=True,
    )


def own_copy(module: Module, known: dict[int, Any]) -> Module:
    """Return a copy of a model.

    Args:
        module: The user's.
        known: By the id of an object inside, what the copy has in its place; deepcopy adds all that it copies.

    Raises:
        QvizError: It holds something that cannot be copied.
    """
    try:
        return copy.deepcopy(module, known)
    except Exception as error:  # a model may hold what cannot be copied
        raise QvizError(
            tr("{type} could not be copied: {error}", type=type(module).__name__, error=error),
            tr("Name its class, as in file.py:Net."),
        ) from error


def shared_weights(loaded: Loaded, plan: Plan) -> dict[int, Any]:
    """Return the weights that a copy may share: those that this process has loaded and nobody trains."""
    chosen = flow(plan.flow)
    writes = loaded.python is None or (chosen is not None and chosen.is_training)
    return {} if writes else {id(each): each for each in wrappers.core(loaded.module).parameters()}


def _tensors(model: Module) -> Iterator[Tensor]:
    yield from model.parameters()
    yield from model.buffers()


def _changes(loaded: Loaded, plan: Plan) -> _TensorChanges:
    """Look at what the tensors of a model and its inputs are."""
    model, changes = loaded.module, _TensorChanges()
    held = list(_tensors(model))
    given = [each for each in pytree.tree_leaves(loaded.inputs.values) if isinstance(each, Tensor)]
    detached = _with_history(model)
    if detached:
        changes.is_detached = True
        changes.steps.append(_step("detached", _DETACHED, names=[*detached]))
    if any(each.is_inference() for each in (*held, *given) if not is_lazy(each)):
        changes.is_normal = True
        changes.steps.append(_step("normal_tensors", _NORMAL))
    if devices := sorted({each.device.type for each in (*held, *given)} - {"cpu", "meta"}):
        changes.is_moved = True
        changes.steps.append(_step("on_cpu", "\nmodel = model.cpu()\n", devices=[*devices]))
    if plan.dtype != "keep":
        _cast(loaded, changes)
    return changes


def _with_history(model: Module) -> list[str]:
    """Return the attributes that hold a tensor which autograd has made, and which deepcopy refuses."""
    return [
        f"{path}.{name}".lstrip(".")
        for path, module in wrappers.named_insides(model)
        for name, value in (*vars(module).items(), *module._buffers.items())  # noqa: SLF001 - of this module alone
        if name not in ("_modules", "_parameters", "_buffers")
        for each in pytree.tree_leaves(value)
        if isinstance(each, Tensor) and each.grad_fn is not None
    ]


def _cast(loaded: Loaded, changes: _TensorChanges) -> None:
    types = float_types(loaded.module)
    if types.is_float32:
        return
    if types.others and not _runs_mixed(loaded, types):
        return
    changes.casts = types.to_cast
    code = "\nmodel = model.float()\n"
    if torch.get_default_dtype() is not torch.float32:
        torch.set_default_dtype(torch.float32)  # `kept` has noted what it was
        code = f"\ntorch.set_default_dtype(torch.float32){code}"
    changes.steps.append(_step("float32", code, dtypes=[named(each) for each in types.to_cast]))


def _runs_mixed(loaded: Loaded, types: FloatTypes) -> bool:
    """Tell whether a model of several types runs as it is; what stops it otherwise, the first run tells.

    Raises:
        QvizError: The types do not go together.
    """
    model = own_copy(wrappers.core(loaded.module), {}).eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            loaded.inputs.cloned().call(model)
    except (Exception, SystemExit) as error:  # the user's forward may raise anything
        if is_type_fault(error):
            raise _mixed(types, error) from error
        return False
    return True


def _mixed(types: FloatTypes, error: BaseException) -> QvizError:
    dtype, layers = next(iter(types.others.items()))
    assert types.main is not None
    return QvizError(
        tr(
            "The weights of {layers} are {dtype}, the others {main}, and the model does not run: {cause}",
            layers=listed(layers),
            dtype=named(dtype),
            main=named(types.main),
            cause=" ".join(str(error).split()),
        ),
        tr("Bring all of them to one type, as model.float() does."),
    )


def _unwrapped(wrapping: wrappers.Wrapped) -> ReadyStep:
    attributes = "".join(f".{each}" for each in wrapping.attributes)
    if not wrapping.path:
        return _step("unwrapped", f"\nmodel = model{attributes}\n", wrappers=[*wrapping.names])
    inner = f"model.get_submodule({wrapping.path!r}){attributes}"
    code = f"\nmodel.set_submodule({wrapping.path!r}, {inner})\n"
    return _step("unwrapped_inside", code, wrappers=[*wrapping.names], path=wrapping.path)


def _changed_copy(
    loaded: Loaded,
    plan: Plan,
    changes: _TensorChanges,
    wrapped: list[wrappers.Wrapped],
    steps: list[ReadyStep],
    compiled: list[str],
) -> Module:
    """Return a copy without wrappers and with changed tensors; the first model stays as it is."""
    inside = wrappers.core(loaded.module)
    known = shared_weights(loaded, plan)
    for tensor in _tensors(inside):
        if is_lazy(tensor):
            known.pop(id(tensor), None)
        elif (made := changes.of_tensor(tensor.detach())) is not tensor and _is_changed(tensor, changes):
            known[id(tensor)] = _alike(tensor, made)
    if changes.is_detached:
        known |= {id(each): each.detach().clone() for each in _deep_tensors(inside) if each.grad_fn is not None}
    for each in reversed(wrapped):  # from the inside out, so that each finds what it holds without wrappers
        known[id(each.outside)] = own_copy(each.inside, known)
    module = own_copy(inside, known)
    if changes.casts:
        module.float()  # lazy parameters know their type before they are built
    if compiled:
        wrappers.take_out_of_compile(module, known)
        steps.append(_step("not_compiled", wrappers.TAKEN_OUT_OF_COMPILE, names=[*compiled]))
    return module


def _is_changed(tensor: Tensor, changes: _TensorChanges) -> bool:
    moved = changes.is_moved and tensor.device.type != "cpu"
    return moved or tensor.dtype in changes.casts or (changes.is_normal and tensor.is_inference())


def _alike(tensor: Tensor, made: Tensor) -> Tensor:
    """Return a changed tensor as a parameter where the first one was one."""
    return Parameter(made, tensor.requires_grad) if isinstance(tensor, Parameter) else made


def _deep_tensors(model: Module) -> Iterator[Tensor]:
    for module in model.modules():
        yield from (each for each in pytree.tree_leaves(vars(module)) if isinstance(each, Tensor))


def _build(model: Module, inputs: Arguments, seed: int) -> ReadyStep:
    """Run a model with lazy parameters once, in eval mode."""
    lazy = [
        path
        for path, module in model.named_modules()
        if any(is_lazy(each) for each in module._parameters.values())  # noqa: SLF001
    ]
    modes = {each: each.training for each in model.modules()}
    torch.manual_seed(seed)
    try:
        with torch.no_grad():
            inputs.cloned().call(model.eval())
    except (Exception, SystemExit) as error:  # the user's forward may raise anything
        raise does_not_run(error, model, inputs) from error
    finally:
        for each in model.modules():
            each.training = modes.get(each, False)
    call = "*example_inputs, **example_kwargs" if inputs.kwargs else "*example_inputs"
    return _step("built", _BUILT.format(seed=seed, call=call), names=[each or type(model).__name__ for each in lazy])


def _fix(model: Module, inputs: Arguments, left_out: list[str]) -> ReadyStep:
    code = default_arguments.written_class(model, inputs)
    default_arguments.fix(model, inputs)
    return _step("defaults", code, names=[*left_out])


def _step(code: str, python: str, **args: Json) -> ReadyStep:
    return ReadyStep(Said(f"made_ready.{code}", {}, args), python)


def written(steps: tuple[ReadyStep, ...]) -> str:
    """Return the statements of all steps, to stand behind the recipe of the model and its data."""
    return "".join(each.python for each in steps)
