"""What the tensors of a model, and of its data, have to become before a flow: float32, on the CPU, free of autograd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module, Parameter
from torch.nn.parameter import is_lazy
from torch.utils import _pytree as pytree

from qviz.document.plan import Plan
from qviz.engine.loading import wrappers
from qviz.engine.loading.copies import own_copy
from qviz.engine.loading.float_types import FloatTypes, float_types, is_type_fault, named
from qviz.engine.loading.modes import in_eval_mode
from qviz.engine.loading.ready_step import ReadyStep, step
from qviz.engine.loading.source import Loaded
from qviz.errors import QvizError
from qviz.words import tr
from qviz.words.formats import listed

_OF_MODULES = ("_modules", "_parameters", "_buffers")
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
_INPUTS = """
from torch.utils._pytree import tree_map_only


def ready(each):
{lines}
    return each


example_inputs = tree_map_only(torch.Tensor, ready, example_inputs)
{keywords}batches = (tree_map_only(torch.Tensor, ready, batch) for batch in batches)
"""


@dataclass
class TensorChanges:
    """What the copy of a model, and the data, will have that the original has not.

    Attributes:
        casts: The types that become float32.
        input_casts: Those of inputs that do, where the weights are float32 already.
        is_moved: Tensors go to the CPU.
        is_detached: Tensors that autograd made lose their history, as deepcopy demands.
        is_normal: Tensors made in inference mode become normal ones.
    """

    casts: tuple[torch.dtype, ...] = ()
    input_casts: tuple[torch.dtype, ...] = ()
    is_moved: bool = False
    is_detached: bool = False
    is_normal: bool = False
    steps: list[ReadyStep] = field(default_factory=list)

    def of_tensor(self, tensor: Tensor) -> Tensor:
        """Return a tensor as the copy has it."""
        tensor = tensor.cpu() if self.is_moved else tensor
        tensor = tensor.float() if tensor.dtype in self.casts else tensor
        return tensor.clone() if self.is_normal and tensor.is_inference() else tensor

    def of_input(self, tensor: Tensor) -> Tensor:
        """Return a tensor of the data as the copy is given it."""
        tensor = self.of_tensor(tensor)
        return tensor.float() if tensor.dtype in self.input_casts else tensor

    def written(self, has_keywords: bool) -> str:
        """Return the statements that change inputs and batches."""
        lines = ["    each = each.cpu()"] if self.is_moved else []
        if casts := (*self.casts, *self.input_casts):
            types = ", ".join(f"torch.{named(each)}" for each in casts)
            lines.append(f"    each = each.float() if each.dtype in ({types},) else each")
        if self.is_normal:
            lines.append("    each = each.clone() if each.is_inference() else each")
        keywords = "example_kwargs = tree_map_only(torch.Tensor, ready, example_kwargs)\n" if has_keywords else ""
        return _INPUTS.format(lines="\n".join(lines), keywords=keywords) if lines else ""


def tensor_changes(loaded: Loaded, plan: Plan) -> TensorChanges:
    """Look at what the tensors of a model and its inputs are."""
    model, changes = loaded.module, TensorChanges()
    held = list(tensors_of(model))
    given = [each for each in pytree.tree_leaves(loaded.inputs.values) if isinstance(each, Tensor)]
    detached = _with_history(model)
    if detached:
        changes.is_detached = True
        changes.steps.append(step("detached", _DETACHED, names=[*detached]))
    if any(each.is_inference() for each in (*held, *given) if not is_lazy(each)):
        changes.is_normal = True
        changes.steps.append(step("normal_tensors", _NORMAL))
    if devices := sorted({each.device.type for each in (*held, *given)} - {"cpu", "meta"}):
        changes.is_moved = True
        changes.steps.append(step("on_cpu", "\nmodel = model.cpu()\n", devices=[*devices]))
    if plan.dtype != "keep":
        _cast(loaded, changes)
    return changes


def _with_history(model: Module) -> list[str]:
    """Return the attributes that hold a tensor which autograd has made, and which deepcopy refuses."""
    return [
        f"{path}.{name}".lstrip(".")
        for path, module in wrappers.named_insides(model)
        for name, value in (*vars(module).items(), *module._buffers.items())  # noqa: SLF001 - of this module alone
        if name not in _OF_MODULES and (isinstance(value, Tensor) or (isinstance(value, (dict, list, tuple)) and value))
        for each in pytree.tree_leaves(value)
        if isinstance(each, Tensor) and each.grad_fn is not None
    ]


def _cast(loaded: Loaded, changes: TensorChanges) -> None:
    types = float_types(loaded.module)
    if types.is_float32:
        _cast_inputs(loaded, types, changes)
        return
    if types.others and not _runs_mixed(loaded, types):
        return
    changes.casts = types.to_cast
    code = "\nmodel = model.float()\n"
    if torch.get_default_dtype() is not torch.float32:
        torch.set_default_dtype(torch.float32)  # `kept` has noted what it was
        code = f"\ntorch.set_default_dtype(torch.float32){code}"
    changes.steps.append(step("float32", code, dtypes=[named(each) for each in types.to_cast]))


def _cast_inputs(loaded: Loaded, types: FloatTypes, changes: TensorChanges) -> None:
    """Take inputs of another type to float32, if that is what the model does not run for."""
    given = {each.dtype for each in pytree.tree_leaves(loaded.inputs.values) if isinstance(each, Tensor)}
    others = tuple(sorted((each for each in given if each.is_floating_point and each != torch.float32), key=str))
    if others and types.main is not None and is_type_fault(_tried(loaded)):
        changes.input_casts = others
        changes.steps.append(step("float32_inputs", "", dtypes=[named(each) for each in others]))


def _runs_mixed(loaded: Loaded, types: FloatTypes) -> bool:
    """Tell whether a model of several types runs as it is; what stops it otherwise, the first run tells.

    Raises:
        QvizError: The types do not go together.
    """
    error = _tried(loaded)
    if error is not None and is_type_fault(error):
        raise _mixed(types, error) from error
    return error is None


def _tried(loaded: Loaded) -> BaseException | None:
    """Return what stops a copy of a model on its example inputs; None where it runs."""
    inside = wrappers.core(loaded.module)
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            loaded.inputs.cloned().call(in_eval_mode(own_copy(inside, {})))
    except (Exception, SystemExit) as error:  # the user's forward may raise anything
        return error
    return None


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
        tr("Convert all of them to one dtype, as model.float() does."),
    )


def tensors_of(model: Module) -> Iterator[Tensor]:
    """Yield the parameters and buffers of a model."""
    yield from model.parameters()
    yield from model.buffers()


def replaced(model: Module, changes: TensorChanges) -> dict[int, Any]:
    """Return what a copy has in the place of tensors, by their ids, as deepcopy's memo; lazy ones copy themselves."""
    found: dict[int, Any] = {}
    for tensor in tensors_of(model):
        if not is_lazy(tensor) and _is_changed(tensor, changes):
            found[id(tensor)] = _alike(tensor, changes.of_tensor(tensor.detach()))
    if changes.is_detached:
        found |= {id(each): each.detach().clone() for each in _deep_tensors(model) if each.grad_fn is not None}
    return found


def _is_changed(tensor: Tensor, changes: TensorChanges) -> bool:
    moved = changes.is_moved and tensor.device.type != "cpu"
    return moved or tensor.dtype in changes.casts or (changes.is_normal and tensor.is_inference())


def _alike(tensor: Tensor, made: Tensor) -> Tensor:
    """Return a changed tensor as a parameter where the first one was one."""
    return Parameter(made, tensor.requires_grad) if isinstance(tensor, Parameter) else made


def _deep_tensors(model: Module) -> Iterator[Tensor]:
    for module in model.modules():
        yield from (each for each in pytree.tree_leaves(vars(module)) if isinstance(each, Tensor))
