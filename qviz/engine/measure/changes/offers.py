"""Which other ways to round a plan can express, of those that torch takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from qviz.document.changes import Change
from qviz.document.configuration import Factory, QConfig, QuantizerRule, Rule
from qviz.document.flows import Method, Mode, flow
from qviz.document.graph import Node, Number
from qviz.document.integers import limits_of
from qviz.document.measurements import Ledger, QuantizerNoise
from qviz.engine.measure.changes.counterfactuals import gain_of
from qviz.engine.measure.changes.trial import is_observed, is_taken
from qviz.engine.measure.models.measured import Measured
from qviz.engine.measure.simulated.rounding import Affine, HeldWeight
from qviz.engine.measure.simulated.simulation import MeasuredQuantizer
from qviz.engine.nodes.observers import statistics

_LEADERS = 8
_WORTH_DB = 0.5
_RANGES = ("MinMaxObserver", "HistogramObserver", "MovingAverageMinMaxObserver")
_MOVING = {
    "MinMaxObserver": "MovingAverageMinMaxObserver",
    "PerChannelMinMaxObserver": "MovingAveragePerChannelMinMaxObserver",
}
_LAYER = re.compile(r"conv|linear")


def offers(measured: Measured, ledger: Ledger, index_of: Mapping[str, int]) -> Iterator[Change]:
    """Yield the other ways to round of the leading quantizers that gain something and that torch takes."""
    chosen = flow(measured.plan.flow)
    if chosen is None:
        return
    if chosen.mode is Mode.PT2E:
        yield from _all_per_channel(measured, ledger)
        for row in ledger.quantizers[:_LEADERS] if chosen.fixes_activation_ranges else ():
            yield from _of_tensor(measured, row, measured.simulation.quantizers[index_of[row.id]])
    elif chosen.takes("rules") and chosen.method is not Method.WEIGHT_ONLY:
        for row in ledger.quantizers[:_LEADERS]:
            yield from _of_row(measured, row, measured.simulation.quantizers[index_of[row.id]])


def _all_per_channel(measured: Measured, ledger: Ledger) -> Iterator[Change]:
    """Yield the option that XNNPACK's configuration has for all weights at once.

    It rounds the weights of convolutions and linears so, and a constant that another operator reads as an activation:
    ``torch/ao/quantization/quantizer/xnnpack_quantizer_utils.py``.
    """
    plan = measured.plan
    if plan.quantizer != "xnnpack" or plan.quantizer_options.per_channel:
        return
    layers = {node.id for node in measured.stage.graph.nodes if _LAYER.search(node.target)}
    gains = {
        row.id: gain
        for row in ledger.quantizers
        if not layers.isdisjoint(row.asked_by) and (gain := _gains(row).get("per_channel")) is not None
    }
    if any(float(gain) > _WORTH_DB for gain in gains.values()):
        yield Change("alternative", "per_channel", tuple(gains), "per_channel", per_channel=True, gains=gains)


def _gains(row: QuantizerNoise) -> dict[str, Number]:
    return {each.name: gain_of(each) for each in row.alternatives}


def _of_row(measured: Measured, row: QuantizerNoise, quantizer: MeasuredQuantizer) -> Iterator[Change]:
    owner = _owner(measured, row)
    if owner is None or owner.op != "call_module":
        return
    is_trained = _is_trained(measured)
    for name, gain in _gains(row).items():
        factory = _factory(quantizer, name) if float(gain) > _WORTH_DB else None
        if factory is None:
            continue
        is_weight = quantizer.kind == "weight"
        if is_trained:
            factory = _fake_quant(factory, is_weight)
        qconfig = QConfig(weight=factory) if is_weight else QConfig(activation=factory)
        if is_taken(measured, owner, qconfig, is_weight):
            rule = Rule("module_name", owner.target, qconfig)
            yield Change("alternative", row.id, (row.id,), name, rules=(rule,), gains={row.id: gain})


def _of_tensor(measured: Measured, row: QuantizerNoise, quantizer: MeasuredQuantizer) -> Iterator[Change]:
    """Yield other observers of what one node gives; kernels that X86InductorQuantizer is for know its qscheme alone."""
    given = _given(measured, row) if row.kind == "activation" else None
    plan = measured.plan
    for name, gain in _gains(row).items() if given is not None else ():
        factory = _factory(quantizer, name) if float(gain) > _WORTH_DB else None
        if given is None or factory is None or (name != "min_max" and (plan.quantizer != "xnnpack" or plan.lower)):
            continue
        kept = {"qscheme": factory.arguments["qscheme"]} if name != "min_max" else {}
        eps = getattr(statistics(quantizer.observer), "eps", None) if quantizer.observer is not None else None
        kept |= {"eps": float(eps)} if eps is not None else {}
        observer = Factory(factory.name, kept)
        if _is_trained(measured):
            observer = Factory("FakeQuantize", {"observer": factory.name, **kept})
        if is_observed(plan, observer):
            rule = QuantizerRule("tensor", given, observer=observer)
            yield Change("alternative", row.id, (row.id,), name, quantizer_rules=(rule,), gains={row.id: gain})


def _given(measured: Measured, row: QuantizerNoise) -> str | None:
    """Return the node that gives what a quantizer rounds; None where several do, or another quantizer before it."""
    by_id = {node.id: node for node in measured.stage.graph.nodes}
    found = {edge.from_id for edge in measured.stage.graph.edges if edge.to_id in row.nodes}
    if len(row.nodes) != 1 or len(found) != 1:
        return None
    given = found.pop()
    return given if given in by_id and by_id[given].observer is None else None


def _is_trained(measured: Measured) -> bool:
    chosen = flow(measured.plan.flow)
    return chosen is not None and chosen.is_training


def _owner(measured: Measured, row: QuantizerNoise) -> Node | None:
    """Return the operator whose qconfig has the observer: of a weight its own, of an activation who gives it."""
    by_id = {node.id: node for node in measured.stage.graph.nodes}
    if row.kind == "weight":
        return by_id.get(row.asked_by[0]) if row.asked_by else None
    if len(row.nodes) != 1 or row.nodes[0] not in by_id:
        return None  # a range that several places share
    given = [edge.from_id for edge in measured.stage.graph.edges if edge.to_id == row.nodes[0]]
    return by_id.get(given[0]) if given and given[0] in row.asked_by else None


def _factory(quantizer: MeasuredQuantizer, name: str) -> Factory | None:
    rounding = quantizer.rounding
    base = rounding.affine if isinstance(rounding, HeldWeight) else rounding
    if not isinstance(base, Affine):
        return None
    return _of_weight(base, name) if quantizer.kind == "weight" else _of_activation(quantizer, name)


def _of_weight(base: Affine, name: str) -> Factory | None:
    is_by_channel = name == "per_channel" or (base.axis is not None and name != "per_tensor")
    is_affine = name == "affine" or (bool(base.zero_point.any()) and name != "symmetric")
    if name not in ("per_channel", "per_tensor", "affine", "symmetric", "min_max"):
        return None
    class_, scheme = ("PerChannelMinMaxObserver", "channel") if is_by_channel else ("MinMaxObserver", "tensor")
    qscheme = f"torch.per_{scheme}_{'affine' if is_affine else 'symmetric'}"
    return Factory(class_, {"dtype": "torch.qint8", "qscheme": qscheme})


def _of_activation(quantizer: MeasuredQuantizer, name: str) -> Factory | None:
    observer = quantizer.observer
    if observer is None or name not in ("affine", "symmetric", "min_max"):
        return None
    keeper = statistics(observer)
    class_ = "MinMaxObserver" if name == "min_max" else type(keeper).__name__
    if class_ not in _RANGES or (name == "min_max" and type(keeper).__name__ == class_):
        return None
    now = str(getattr(keeper, "qscheme", ""))
    qscheme = now if name == "min_max" else f"torch.per_tensor_{name}"
    if name != "min_max" and qscheme == now:
        return None  # its zero point is in the middle by chance
    arguments: dict[str, Any] = {"dtype": str(getattr(keeper, "dtype", "torch.quint8")), "qscheme": qscheme}
    if getattr(keeper, "reduce_range", False):
        arguments["reduce_range"] = True
    return Factory(class_, arguments)


def _fake_quant(factory: Factory, is_weight: bool) -> Factory:
    """Return the fake-quant around an observer; a weight moves in training, and the range of its observer with it."""
    observer = _MOVING[factory.name] if is_weight else factory.name
    arguments: dict[str, Any] = {"observer": observer}
    if (limits := limits_of(str(factory.arguments["dtype"]))) is not None:
        arguments |= {"quant_min": limits[0], "quant_max": limits[1]}
    return Factory("FakeQuantize", {**arguments, **factory.arguments})


def with_offers(ledger: Ledger, patches: Mapping[tuple[str, str], str]) -> Ledger:
    """Return the ledger with the alternatives that are offered.

    Args:
        ledger: What there is.
        patches: What is added to the plan, by quantizer and name.
    """
    rows = []
    for row in ledger.quantizers:
        alternatives = tuple(
            msgspec.structs.replace(each, offered=True, patch=patches[row.id, each.name])
            if (row.id, each.name) in patches
            else each
            for each in row.alternatives
        )
        rows.append(msgspec.structs.replace(row, alternatives=alternatives))
    return msgspec.structs.replace(ledger, quantizers=tuple(rows))
