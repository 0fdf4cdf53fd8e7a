"""Says of a model that no flow can take what is the matter with it, and what to give instead."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module
from torch.utils import _pytree as pytree

from qviz.document.flows import Flow
from qviz.engine.loading.forward import Arguments, names
from qviz.engine.loading.wrappers import core, named_insides
from qviz.engine.nodes.module_roles import weight_subclass
from qviz.errors import QvizError
from qviz.words import tr
from qviz.words.formats import listed

_KNOWN = (Tensor, bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.ScriptObject, type(None))
"""What torch.export takes as it is."""


def refuse_unfit(model: Module, inputs: Arguments, flow: Flow | None) -> None:
    """Refuse a model that cannot be made ready.

    Raises:
        QvizError: TorchScript, a container, weights that are not there.
    """
    inside = core(model)
    if isinstance(inside, torch.jit.ScriptModule):
        raise _torch_script(inside, inputs, flow)
    if getattr(type(inside), "forward", None) is Module.forward and "forward" not in vars(inside):
        raise _without_forward(inside)
    if flow is not None and flow.takes_exported_programs:
        _refuse_script_inside(model)
    if held := {path: class_ for path, module in model.named_modules() if (class_ := weight_subclass(module))}:
        raise QvizError(
            tr("The weights of {names} are quantized already, by torchao", names=listed(list(held))),
            tr("Give the model as it was before quantize_(); qviz.snapshot shows this one's graph."),
        )
    _refuse_meta(model, inside, inputs)


def _without_forward(module: Module) -> QvizError:
    name, held = type(module).__name__, [path for path, _ in module.named_children()]
    message = tr("{name} has no forward(), so it cannot be run as a model", name=name)
    if not held:
        return QvizError(message, tr("Name a model whose class defines forward()."))
    hint = tr(
        "Name one of the modules it holds ({names}), or a class whose forward() calls them; nn.Sequential calls its "
        "modules in order.",
        names=listed(held),
    )
    return QvizError(message, hint)


def _torch_script(module: Any, inputs: Arguments, flow: Flow | None) -> QvizError:
    name = getattr(module, "original_name", type(module).__name__)
    message = tr("{name} is TorchScript, made by torch.jit; no flow of torch can capture it", name=name)
    if flow is not None and flow.takes_exported_programs and _converts(module, inputs):
        hint = tr(
            "Give the module that it was made from, before torch.jit; or return "
            "torch._export.converter.TS2EPConverter(model, example_inputs).convert(), an exported program."
        )
    else:
        hint = tr("Give the module that it was made from, before torch.jit.")
    return QvizError(message, hint)


def _refuse_script_inside(model: Module) -> None:
    """Refuse TorchScript with weights inside a model: torch.export does not take them for parameters."""
    for path, module in named_insides(model):
        if isinstance(module, torch.jit.ScriptModule) and any(True for _ in module.parameters()):
            raise QvizError(
                tr("{path} is TorchScript, made by torch.jit; torch.export does not know its weights", path=path),
                tr("Put the module that it was made from in its place."),
            )


def _converts(module: Any, inputs: Arguments) -> bool:
    """Tell whether torch makes an exported program of TorchScript."""
    from torch._export.converter import TS2EPConverter  # brings dynamo along

    try:
        TS2EPConverter(module, inputs.args, inputs.kwargs or None).convert()
    except Exception:  # the converter raises whatever it stumbles over
        return False
    return True


def _refuse_meta(model: Module, inside: Module, inputs: Arguments) -> None:
    held = {
        path or type(inside).__name__: True
        for path, module in named_insides(model)
        for each in (*module._parameters.values(), *module._buffers.values())  # noqa: SLF001 - of this module alone
        if each is not None and each.is_meta
    }
    if held:
        raise QvizError(
            tr("{names} have no weights: they are on the meta device", names=listed(held))
            if len(held) > 1
            else tr("{names} has no weights: they are on the meta device", names=listed(held)),
            tr(
                "Build the model outside torch.device('meta') and init_empty_weights(), or call "
                "model.to_empty(device='cpu') and load its weights. Without weights, it can be built on fake "
                "tensors in a PT2E flow."
            ),
            option="--fake",
        )
    for name, value in zip(names(inputs, inside), inputs.values, strict=False):
        if any(isinstance(each, Tensor) and each.is_meta for each in pytree.tree_leaves(value)):
            raise QvizError(
                tr("The input {name} has no values: it is on the meta device", name=name or tr("of the model")),
                tr("Give inputs on the CPU."),
            )


def refuse_unopened(outputs: Any, inputs: Arguments) -> None:
    """Refuse a call that takes or gives what torch.export cannot take apart.

    Raises:
        QvizError: An output or an input is a dataclass, or of a class of the user's own.
    """
    for value, is_input in ((outputs, False), (inputs.values, True)):
        found = next((type(each) for each in pytree.tree_leaves(value) if not isinstance(each, _KNOWN)), None)
        if found is None:
            continue
        name = found.__name__
        message = (
            tr("forward() takes a {type}, and torch.export does not know what is in it", type=name)
            if is_input
            else tr("forward() returns a {type}, and torch.export does not know what is in it", type=name)
        )
        if is_dataclass(found):
            raise QvizError(message, tr("Call torch.export.register_dataclass({type}) below the class.", type=name))
        hint = tr("Use a tuple, a dict or a dataclass with torch.export.register_dataclass in its place.")
        raise QvizError(message, hint)
