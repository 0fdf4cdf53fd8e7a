"""Leaves an operator, a tensor or a module in float, or follows the configuration again."""

from __future__ import annotations

import msgspec

from qviz.analysis.acting.target import EditTarget, NoEdit, PlanEdit, flow_of
from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.possible_changes import operators_in_float
from qviz.document.changes import Change, changed
from qviz.document.configuration import QuantizerRule, Rule
from qviz.document.flows import Flow, Mode
from qviz.document.plan import Plan
from qviz.words import mark, tr

_STUBS = mark("{name} will stay in float: put a DeQuantStub before it and a QuantStub after it.")
_MOST_READERS = 4
"""A tensor that more operators ask for is no single change in a flow that has only operators."""


def leave_in_float(run: InspectedRun, plan: Plan, target: EditTarget) -> PlanEdit | NoEdit:
    """Return the plan that leaves a target in float; of a plan that does so already, the one without these rules."""
    chosen = flow_of(plan)
    if isinstance(chosen, NoEdit):
        return chosen
    change = _change(run, plan, target, chosen)
    if isinstance(change, NoEdit):
        return change
    if _has(plan, change):
        return PlanEdit(without(plan, change), tr("{name} follows the configuration again.", name=target.name))
    if target.tensor is None and run.is_low(target.stage, target.nodes) is False and _is_all_float(run, target):
        return NoEdit(tr("{name} is in float already.", name=target.name))
    told = tr("{name} will stay in float.", name=target.name)
    if chosen.mode is Mode.EAGER and chosen.fixes_activation_ranges:
        told = tr(_STUBS, name=target.name)
    return PlanEdit(changed(plan, (change,)), told)


def _is_all_float(run: InspectedRun, target: EditTarget) -> bool:
    judged = run.judged_stage
    became = run.become(target.stage, target.nodes, judged) if judged is not None else ()
    return not run.low.intersection(became)


def stays_in_float(run: InspectedRun, plan: Plan, target: EditTarget) -> bool:
    """Tell whether a plan has the rules that leave a target in float."""
    chosen = flow_of(plan)
    change = chosen if isinstance(chosen, NoEdit) else _change(run, plan, target, chosen)
    return not isinstance(change, NoEdit) and _has(plan, change)


def without(plan: Plan, change: Change) -> Plan:
    """Return a plan without the rules of a change."""
    options = plan.quantizer_options
    kept = tuple(rule for rule in options.rules if rule not in change.quantizer_rules)
    return msgspec.structs.replace(
        plan,
        rules=tuple(rule for rule in plan.rules if rule not in change.rules),
        quantizer_options=msgspec.structs.replace(options, rules=kept),
    )


def _has(plan: Plan, change: Change) -> bool:
    has_rules = all(rule in plan.rules for rule in change.rules)
    return has_rules and all(rule in plan.quantizer_options.rules for rule in change.quantizer_rules)


def _change(run: InspectedRun, plan: Plan, target: EditTarget, chosen: Flow) -> Change | NoEdit:
    if target.tensor is not None:
        return _of_tensor(run, plan, target, chosen)
    if target.is_group or (target.path and chosen.mode is not Mode.PT2E):
        if chosen.mode is Mode.PT2E:
            rule = QuantizerRule("module_name", target.path, enabled=False)
            return Change("module", target.path, (), nodes=target.nodes, quantizer_rules=(rule,))
        return Change("module", target.path, (), nodes=target.nodes, rules=(Rule("module_name", target.path),))
    return _of_operators(run, plan, target, chosen)


def _of_operators(run: InspectedRun, plan: Plan, target: EditTarget, chosen: Flow) -> Change | NoEdit:
    if chosen.mode is Mode.EAGER:
        return NoEdit(tr("Eager mode leaves modules in float, and {name} is a function.", name=target.name))
    stage = run.stage(target.stage)
    change = None
    if stage is not None and target.nodes:
        index = run.index(target.stage) if stage.whole is stage.graph else None
        change = operators_in_float(plan, stage.graph, target.nodes, index)
    if change is None:
        return NoEdit(tr("No rule names {name} alone.", name=target.name))
    return change


def _of_tensor(run: InspectedRun, plan: Plan, target: EditTarget, chosen: Flow) -> Change | NoEdit:
    assert target.tensor is not None
    if target.tensor.role in ("weight", "bias") or chosen.mode is not Mode.PT2E:
        if not target.nodes or len(target.nodes) > _MOST_READERS:
            return NoEdit(tr("Leave the operators that read {name} in float instead.", name=target.source))
        return _of_operators(run, plan, target, chosen)
    rule = QuantizerRule("tensor", target.source, enabled=False)
    rows = (target.tensor.row.id,) if target.tensor.row is not None else ()
    return Change("tensor", target.source, rows, nodes=(target.source,), quantizer_rules=(rule,))
