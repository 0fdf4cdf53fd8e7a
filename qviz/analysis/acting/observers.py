"""Other observers for an operator, a fixed range, weights with a scale for each channel."""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from qviz.analysis.acting.target import EditTarget, NoEdit, PlanEdit, flow_of
from qviz.analysis.inspecting.histogram_bars import integer_limits
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.analysis.inspecting.tensors import TensorColumn, tensors
from qviz.document.configuration import Factory, QConfig, QuantizerRule, Rule
from qviz.document.flows import Method, Mode
from qviz.document.graph import Json, NodeId
from qviz.document.plan import Plan
from qviz.words import mark, tr

ACTIVATION_OBSERVERS = ("HistogramObserver", "MinMaxObserver", "MovingAverageMinMaxObserver")
WEIGHT_OBSERVERS = ("MinMaxObserver", "PerChannelMinMaxObserver")
_OWN = mark("The quantizer of this flow has its own observers. Leave {name} in float, or give your own quantizer.")
_REDUCED = 128
"""So many steps and no more has an 8-bit range that is reduced for kernels whose sums overflow."""
_SCHEMES = {
    "PerChannelMinMaxObserver": "torch.per_channel_symmetric",
    "MinMaxObserver": "torch.per_tensor_symmetric",
}


class ObserverChoice(NamedTuple):
    """What is chosen for an operator; None keeps what the configuration says."""

    activation: str | None = None
    weight: str | None = None


def is_per_channel(run: InspectedRun, target: EditTarget) -> bool | None:
    """Tell whether the weight of a target has a scale for each channel; None where it has no weight."""
    weight = _weight(run, target)
    if weight is None or weight.params is None:
        return None
    return isinstance(weight.params.scale, tuple) or weight.params.axis is not None


def per_channel(run: InspectedRun, plan: Plan, target: EditTarget) -> PlanEdit | NoEdit:
    """Return the plan in which the weight of a target has a scale for each channel, or one scale if it has that."""
    chosen = flow_of(plan)
    if isinstance(chosen, NoEdit):
        return chosen
    was, name = is_per_channel(run, target), target.name
    if was is None:
        return NoEdit(tr("{name} has no quantized weight.", name=name))
    if not target.path:
        return NoEdit(tr("No rule names the module of {name} alone.", name=name))
    told = tr("{name}: one scale for the weight.", name=name) if was else tr("{name}: weight per channel.", name=name)
    if chosen.mode is Mode.PT2E and plan.quantizer == "xnnpack":
        return PlanEdit(_with_quantizer_rule(plan, target.path, not was), told)
    if chosen.mode is not Mode.PT2E and chosen.method in (Method.STATIC, Method.DYNAMIC):
        observer = WEIGHT_OBSERVERS[0] if was else WEIGHT_OBSERVERS[1]
        return PlanEdit(_with_rule(plan, target.path, QConfig(weight=_weight_factory(observer))), told)
    return NoEdit(tr("Weights can be set per channel with XNNPACK, and in static and dynamic flows."))


def choose_observer(run: InspectedRun, plan: Plan, target: EditTarget, choice: ObserverChoice) -> PlanEdit | NoEdit:
    """Return the plan in which a module has other observers, which keep the integers that its output has now."""
    refused = may_choose_observer(plan, target)
    if refused is not None:
        return refused
    qconfig = QConfig(
        activation=None
        if choice.activation is None
        else Factory(choice.activation, _of_activation(output_of(run, target))),
        weight=None if choice.weight is None else _weight_factory(choice.weight),
    )
    if qconfig == QConfig():
        return NoEdit(tr("Nothing was chosen."))
    told = tr("{name}: another observer.", name=target.name)
    if choice.activation is not None and (inputs := own_inputs(run, target)):
        told = tr("{name}: another observer, for its input {input}, too.", name=target.name, input=inputs[0])
    return PlanEdit(_with_rule(plan, target.path, qconfig), told)


def may_choose_observer(plan: Plan, target: EditTarget) -> NoEdit | None:
    """Return why the observers of a target cannot be chosen; None where they can."""
    chosen = flow_of(plan)
    if isinstance(chosen, NoEdit):
        return chosen
    if chosen.mode is Mode.PT2E:
        return NoEdit(tr(_OWN, name=target.name))
    if chosen.method is not Method.STATIC:
        return NoEdit(tr("Only static flows choose observers here; edit the options for others."))
    if not target.path:
        return NoEdit(tr("No rule names the module of {name} alone.", name=target.name))
    return None


def may_fix_range(run: InspectedRun, plan: Plan, target: EditTarget) -> NoEdit | None:
    """Return why a range cannot be fixed; None where it can."""
    refused = may_choose_observer(plan, target)
    if refused is not None:
        return refused
    if inputs := own_inputs(run, target):
        return NoEdit(tr("The range would hold for the input {input}, too.", input=inputs[0]))
    return NoEdit(tr("The output is not quantized.")) if output_of(run, target) is None else None


def fix_range(run: InspectedRun, plan: Plan, target: EditTarget, low: float, high: float) -> PlanEdit | NoEdit:
    """Return the plan in which what a module gives has the range from `low` to `high`, whatever is observed.

    Args:
        run: Its output's integers are kept.
        plan: The one to change.
        target: The module.
        low: The smallest value; 0 has to lie in the range.
        high: The largest one.
    """
    refused = may_fix_range(run, plan, target)
    if refused is not None:
        return refused
    column = output_of(run, target)
    limits = integer_limits(column.params) if column is not None and column.params is not None else None
    if column is None or column.params is None or limits is None:
        return NoEdit(tr("The output is not quantized."))
    if not (low <= 0 <= high and low < high and math.isfinite(low) and math.isfinite(high)):
        return NoEdit(tr("The range must contain 0, and From must be below To."))
    scale = (high - low) / (limits[1] - limits[0])
    zero_point = min(max(limits[0] - round(low / scale), limits[0]), limits[1])
    arguments: dict[str, Json] = {
        "scale": scale,
        "zero_point": zero_point,
        "dtype": column.params.dtype,
        "quant_min": limits[0],
        "quant_max": limits[1],
    }
    qconfig = QConfig(activation=Factory("FixedQParamsObserver", arguments))
    return PlanEdit(_with_rule(plan, target.path, qconfig), tr("{name}: a fixed range.", name=target.name))


def own_inputs(run: InspectedRun, target: EditTarget) -> tuple[NodeId, ...]:
    """Return the inputs that a target's own qconfig observes, since whatever gives them is not quantized."""
    index = run.index(target.stage)
    found = []
    for node in target.nodes:
        for producer in index.producers[node]:
            why = index.nodes[producer].why
            if index.nodes[producer].kind.watches and why is not None and why.code == "observer.input":
                found.append(run.source(target.stage, producer))
    return tuple(dict.fromkeys(found))


def output_of(run: InspectedRun, target: EditTarget) -> TensorColumn | None:
    """Return what a target gives, where that is quantized."""
    for node in reversed(target.nodes):
        for column in tensors(run, NodePlace(target.stage, node)):
            if column.role == "output" and column.params is not None:
                return column
    return None


def _weight(run: InspectedRun, target: EditTarget) -> TensorColumn | None:
    for node in target.nodes:
        for column in tensors(run, NodePlace(target.stage, node)):
            if column.role == "weight":
                return column
    return None


def _of_activation(output: TensorColumn | None) -> dict[str, Json]:
    """Return the dtype and the scheme of an output, and whether it leaves out half of the integers."""
    params = output.params if output is not None else None
    limits = integer_limits(params) if params is not None else None
    if params is None or limits is None:
        return {}
    arguments: dict[str, Json] = {"dtype": params.dtype}
    if params.qscheme is not None and params.axis is None:
        arguments["qscheme"] = params.qscheme
    if limits[1] - limits[0] < _REDUCED and "int8" in params.dtype:
        arguments["reduce_range"] = True
    return arguments


def _weight_factory(name: str) -> Factory:
    return Factory(name, {"dtype": "torch.qint8", "qscheme": _SCHEMES[name]})


def _with_rule(plan: Plan, path: str, qconfig: QConfig) -> Plan:
    """Return a plan with a rule for a module; one that it has already is completed, and float gives way."""
    rules = list(plan.rules)
    for at, rule in enumerate(rules):
        if rule.kind == "module_name" and rule.target == path:
            before = rule.qconfig or QConfig()
            both = QConfig(before.name, qconfig.activation or before.activation, qconfig.weight or before.weight)
            rules[at] = msgspec.structs.replace(rule, qconfig=both)
            break
    else:
        rules.append(Rule("module_name", path, qconfig))
    return msgspec.structs.replace(plan, rules=tuple(rules))


def _with_quantizer_rule(plan: Plan, path: str, is_by_channel: bool) -> Plan:
    options = plan.quantizer_options
    kept = [rule for rule in options.rules if (rule.kind, rule.target) != ("module_name", path)]
    rules = (*kept, QuantizerRule("module_name", path, per_channel=is_by_channel))
    return msgspec.structs.replace(plan, quantizer_options=msgspec.structs.replace(options, rules=rules))
