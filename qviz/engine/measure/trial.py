"""Whether torch takes a qconfig: tried on a model of the one operator, prepared, converted and run.

``prepare_fx`` drops a qconfig that its backend does not take, without a word, and the operator stays in float; eager
mode takes any, and its kernels refuse it in conversion or when they run.
"""

from __future__ import annotations

import copy
import logging
from typing import Any

import torch
from torch import Tensor, nn
from torch.ao.quantization import DeQuantStub, QConfigMapping, QuantStub, convert, prepare
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

from qviz.document.configuration import Factory, QConfig
from qviz.document.flows import Mode, flow
from qviz.document.graph import Node
from qviz.engine.configuration.qconfigs import make_qconfig
from qviz.engine.measure.measured import Measured
from qviz.engine.nodes.module_roles import Role, role_of

_log = logging.getLogger(__name__)
_HOOKED = "activation_post_process"


def is_taken(measured: Measured, owner: Node, qconfig: QConfig, is_weight: bool) -> bool:
    """Prepare, convert and run the operator alone with a qconfig; return whether it is quantized, and in that way."""
    chosen = flow(measured.plan.flow)
    is_eager = chosen is not None and chosen.mode is Mode.EAGER
    try:
        parts, inputs = _alone(measured, owner)
        made = make_qconfig(qconfig, measured.plan).value
        with torch.no_grad():
            prepared: Any = _prepared(parts, made) if is_eager else _prepared_fx(parts, made, inputs)
            prepared(*inputs)
            taken = is_weight or _observes(prepared, qconfig.activation)
            converted = convert(prepared) if is_eager else convert_fx(prepared)
            converted(*inputs)
    except Exception:  # torch and its kernels refuse in their own ways
        _log.info("a qconfig was not taken", exc_info=True)
        return False
    low = [each for each in converted.modules() if role_of(each) in (Role.QUANTIZED, Role.QUANTIZED_DYNAMIC)]
    return taken and bool(low)


def _prepared(parts: list[nn.Module], qconfig: Any) -> Any:
    model = nn.Sequential(QuantStub(), *parts, DeQuantStub()).eval()
    model.qconfig = qconfig
    return prepare(model)


def _prepared_fx(parts: list[nn.Module], qconfig: Any, inputs: tuple[Tensor, ...]) -> Any:
    return prepare_fx(nn.Sequential(*parts).eval(), QConfigMapping().set_global(qconfig), inputs)


def _alone(measured: Measured, owner: Node) -> tuple[list[nn.Module], tuple[Tensor, ...]]:
    """Return the modules of one operator, in float, and inputs for it."""
    held = measured.simulation.module.get_submodule(owner.target)
    module = _bare(held)
    parts = [_bare(each) for name, each in module.named_children() if name != _HOOKED]
    by_id = {node.id: node for node in measured.stage.graph.nodes}
    given = next(edge.from_id for edge in measured.stage.graph.edges if edge.to_id == owner.id)
    shape = [int(size) for size in by_id[given].values[0].shape]
    random = torch.Generator().manual_seed(0)
    return parts if isinstance(module, nn.Sequential) else [module], (torch.randn(shape, generator=random),)


def _bare(held: nn.Module) -> nn.Module:
    """Return a copy without what preparing and measuring hung on it."""
    module = copy.copy(held)
    module.__dict__ = {key: value for key, value in held.__dict__.items() if key not in ("forward", "qconfig")}
    module._modules = {name: each for name, each in held._modules.items() if name != _HOOKED}  # noqa: SLF001
    for hooks in ("_forward_hooks", "_forward_pre_hooks"):
        module.__dict__[hooks] = type(held.__dict__[hooks])()
    return copy.deepcopy(module)


def _observes(prepared: nn.Module, factory: Factory | None) -> bool:
    return any(type(each).__name__ == factory.name for each in prepared.modules()) if factory is not None else False
