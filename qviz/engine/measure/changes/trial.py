"""Whether torch takes a qconfig: tried on a model of the one operator, prepared, converted and run.

``prepare_fx`` drops a qconfig that its backend does not take, without a word, and the operator stays in float; eager
mode takes any, and its kernels refuse it in conversion or when they run.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
import torch
from torch import Tensor, nn
from torch.ao.quantization import (
    DeQuantStub,
    QConfigMapping,
    QuantStub,
    convert,
    prepare,
    prepare_qat,
    quantize_dynamic,
)
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx, prepare_qat_fx

from qviz.document.configuration import Factory, QConfig, QuantizerRule
from qviz.document.flows import Flow, Method, Mode, flow
from qviz.document.graph import Node
from qviz.document.plan import Plan
from qviz.engine.configuration.factories import make_factory
from qviz.engine.configuration.qconfigs import make_qconfig
from qviz.engine.measure.models.measured import Measured
from qviz.engine.nodes.module_roles import Role, is_qat, role_of
from qviz.engine.nodes.observers import statistics
from qviz.engine.nodes.qparams import PER_CHANNEL, packed_weight

_log = logging.getLogger(__name__)
_HOOKED = "activation_post_process"


def is_taken(measured: Measured, owner: Node, qconfig: QConfig, is_weight: bool) -> bool:
    """Prepare, convert and run the operator alone with a qconfig; return whether it is quantized, and in that way."""
    chosen = flow(measured.plan.flow)
    assert chosen is not None
    try:
        parts, inputs = _alone(measured, owner)
        made = make_qconfig(qconfig, measured.plan).value
        with torch.no_grad():
            if chosen.mode is Mode.EAGER and chosen.method is Method.DYNAMIC:
                converted = quantize_dynamic(nn.Sequential(*parts), {type(each): made for each in parts})
            else:
                prepared = _prepared(chosen, parts, made, inputs)
                prepared(*inputs)
                prepared.eval()
                if not is_weight and not _observes(prepared, qconfig.activation):
                    return False
                converted = convert(prepared) if chosen.mode is Mode.EAGER else convert_fx(prepared)
            converted(*inputs)
    except Exception:  # torch and its kernels refuse in their own ways
        _log.info("a qconfig was not taken", exc_info=True)
        return False
    low = [each for each in converted.modules() if role_of(each) in (Role.QUANTIZED, Role.QUANTIZED_DYNAMIC)]
    return bool(low) and (not is_weight or all(_holds(each, qconfig.weight) for each in low))


def is_observed(plan: Plan, observer: Factory) -> bool:
    """Export, prepare, convert and run a linear layer whose input has an observer; return whether it has that."""
    from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e

    from qviz.engine.configuration.quantizers import make_quantizer  # eager and FX runs go without export

    chosen = flow(plan.flow)
    is_trained = chosen is not None and chosen.is_training
    layer, inputs = nn.Linear(4, 4).train(is_trained), (torch.linspace(-1, 1, 8).reshape(2, 4),)
    try:
        captured = torch.export.export(layer, inputs).module()
        given = next(node.name for node in captured.graph.nodes if node.op == "placeholder")  # type: ignore[union-attr]
        options = msgspec.structs.replace(
            plan.quantizer_options, rules=(QuantizerRule("tensor", given, observer=observer),)
        )
        quantizer = make_quantizer(msgspec.structs.replace(plan, quantizer_options=options), captured).value
        prepared: Any = (prepare_qat_pt2e if is_trained else prepare_pt2e)(captured, quantizer)  # type: ignore[arg-type]
        prepared(*inputs)
        taken = _observes(prepared, observer)
        convert_pt2e(prepared)(*inputs)
    except Exception:  # torch and quantizers refuse in their own ways
        _log.info("an observer was not taken", exc_info=True)
        return False
    return taken


def _prepared(chosen: Flow, parts: list[nn.Module], qconfig: Any, inputs: tuple[Tensor, ...]) -> Any:
    is_trained = chosen.method is Method.QAT
    if chosen.mode is Mode.EAGER:
        model = nn.Sequential(QuantStub(), *parts, DeQuantStub()).train(is_trained)
        model.qconfig = qconfig
        return (prepare_qat if is_trained else prepare)(model)
    graph = nn.Sequential(*parts).train(is_trained)
    return (prepare_qat_fx if is_trained else prepare_fx)(graph, QConfigMapping().set_global(qconfig), inputs)


def _alone(measured: Measured, owner: Node) -> tuple[list[nn.Module], tuple[Tensor, ...]]:
    """Return the modules of one operator, in float, and inputs for it."""
    held = measured.simulation.module.get_submodule(owner.target)
    module = _bare(held)
    if is_qat(module):
        module = module.to_float()  # type: ignore[operator]
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
    """Return whether an observer, or fake-quant, such as a factory makes is there."""
    if factory is None:
        return False
    wanted = make_factory(factory).value()
    names = [each for each in ("qscheme", "dtype") if each in factory.arguments]
    return any(_is_alike(each, wanted, names) for each in prepared.modules())


def _is_alike(one: nn.Module, other: nn.Module, names: Sequence[str]) -> bool:
    keepers = statistics(one), statistics(other)
    is_same = type(one) is type(other) and type(keepers[0]) is type(keepers[1])
    return is_same and all(getattr(keepers[0], each) == getattr(keepers[1], each) for each in names)


def _holds(module: nn.Module, factory: Factory | None) -> bool:
    """Return whether a weight is held per channel, or per tensor, as asked; cells do not tell."""
    weight = packed_weight(module)
    if factory is None or weight is None or not weight.is_quantized:
        return True
    is_by_channel = getattr(statistics(make_factory(factory).value()), "qscheme", None) in PER_CHANNEL
    return (weight.qscheme() in PER_CHANNEL) == is_by_channel
