"""What a plan would change against the one that ran: each edit in words, and what the ledger predicts of all."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from qviz.analysis.inspecting.inspected_run import InspectedRun
from qviz.analysis.possible_changes import operators_in_float
from qviz.analysis.what_if import predict, predicted_db
from qviz.document.changes import Change, Prediction
from qviz.document.configuration import QConfig, QuantizerRule, Rule
from qviz.document.graph import Number, Record
from qviz.document.plan import Plan
from qviz.words import tr
from qviz.words.formats import decibels, gain, part, size

_BY_OBSERVER = {"PerChannelMinMaxObserver": "per_channel", "MinMaxObserver": "per_tensor"}
_SHORT = 24
_BY_ACTIVATION = {"MinMaxObserver": "min_max"}


class Pending(NamedTuple):
    """What is not run yet.

    Attributes:
        edits: In words.
        before_db: Signal to noise of all outputs as it is, float to simulated; None where it was not measured.
        prediction: With all edits; None where the ledger says nothing of one of them.
        is_rough: Whether the quantizers of the run do so much to each other that a prediction is a guess.
    """

    edits: tuple[str, ...]
    before_db: Number | None
    prediction: Prediction | None
    is_rough: bool = False


def pending(run: InspectedRun, ran: Plan, plan: Plan) -> Pending | None:
    """Return what a plan changes against the one that ran; None where they are equal."""
    if plan == ran:
        return None
    ledger = run.ledger
    before = predicted_db(ledger, {}) if ledger is not None else None
    edits = tuple(_told(ran, plan))
    changes = changes_between(run, ran, plan)
    if ledger is None or before is None or changes is None:
        return Pending(edits, before, None)
    return Pending(edits, before, predict(ledger, changes), not ledger.is_additive)


def changes_between(run: InspectedRun, ran: Plan, plan: Plan) -> tuple[Change, ...] | None:
    """Return what a plan adds to the one that ran as changes; None where the ledger says nothing of one of them."""
    found = [*_changes(run, ran, plan)] if run.ledger is not None and _adds_only_rules(ran, plan) else []
    known = tuple(each for each in found if each is not None)
    return known if known and len(known) == len(found) else None


def predicted_lines(pending: Pending) -> Iterator[str]:
    """Yield what is predicted, in words: the output, the weights, the work."""
    prediction, before = pending.prediction, pending.before_db
    if prediction is None or prediction.sqnr_db is None:
        yield tr("The effect is not predicted. Run to see it.")
        return
    after = prediction.sqnr_db
    if isinstance(before, (int, float)) and isinstance(after, (int, float)):
        known = {"after": decibels(after), "gain": gain(round(after - before, 2) + 0.0), "before": decibels(before)}
        yield tr("Predicted output SQNR {after} ({gain}), now {before}.", **known)
    elif after == "inf":
        yield tr("Predicted: no quantizer is left that adds noise.")
    else:
        yield tr("Predicted output SQNR {after}.", after=decibels(after))
    if pending.is_rough:
        yield tr("The shares of the quantizers do not add up, so this is a rough guess.")
    if prediction.added_bytes:
        yield tr("Weights grow by {size}.", size=size(prediction.added_bytes))
    if prediction.macs is not None:
        yield tr("{share} of the MACs stay in low precision.", share=part(prediction.macs))


def _added(ran: Plan, plan: Plan) -> tuple[list[Rule], list[QuantizerRule]]:
    rules = [rule for rule in plan.rules if rule not in ran.rules]
    return rules, [rule for rule in plan.quantizer_options.rules if rule not in ran.quantizer_options.rules]


def _adds_only_rules(ran: Plan, plan: Plan) -> bool:
    options = msgspec.structs.replace(plan.quantizer_options, rules=ran.quantizer_options.rules)
    is_same = msgspec.structs.replace(plan, rules=ran.rules, quantizer_options=options) == ran
    keeps_rules = all(rule in plan.rules for rule in ran.rules)
    return is_same and keeps_rules and all(rule in plan.quantizer_options.rules for rule in ran.quantizer_options.rules)


def _told(ran: Plan, plan: Plan) -> Iterator[str]:
    rules, quantizer_rules = _added(ran, plan)
    for rule in rules:
        yield _rule_text(rule)
    for each in quantizer_rules:
        yield _quantizer_rule_text(each)
    gone = [rule.target for rule in ran.rules if rule not in plan.rules and not _replaced(rule, plan)]
    kept = {(rule.kind, rule.target) for rule in plan.quantizer_options.rules}
    gone += [r.target for r in ran.quantizer_options.rules if (r.kind, r.target) not in kept]
    for target in gone:
        yield tr("{name} follows the configuration again", name=target or tr("all modules"))
    yield from _options(ran, plan, ("rules", "quantizer_options"))
    yield from _options(ran.quantizer_options, plan.quantizer_options, ("rules",))


def _options(ran: Record, plan: Record, told: tuple[str, ...]) -> Iterator[str]:
    """Yield the options that differ, with their values where those are short."""
    for name in plan.__struct_fields__:
        before, after = getattr(ran, name), getattr(plan, name)
        if name in told or before == after:
            continue
        known = {"option": name.replace("_", " "), "before": _value(before), "after": _value(after)}
        if known["before"] and known["after"]:
            yield tr("{option}: {before} → {after}", **known)
        else:
            yield tr("{option} changed", option=known["option"])


def _value(value: object) -> str:
    """Return a short value in words; "" for one that is long."""
    if value is None:
        return tr("default")
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    return str(value) if isinstance(value, (str, int, float)) and len(str(value)) <= _SHORT else ""


def _replaced(rule: Rule, plan: Plan) -> bool:
    return any((each.kind, each.target, each.order) == (rule.kind, rule.target, rule.order) for each in plan.rules)


def _rule_text(rule: Rule) -> str:
    name = rule.target or tr("all modules")
    if rule.kind == "module_name_object_type_order":
        name = tr("call {order} of {type} in {module}", order=(rule.order or 0) + 1, type=rule.object_type, module=name)
    if rule.qconfig is None:
        return tr("{name} in float", name=name)
    chosen = [each.name for each in (rule.qconfig.activation, rule.qconfig.weight) if each is not None]
    return tr("{name}: {observers}", name=name, observers=", ".join(chosen) or rule.qconfig.name or "")


def _quantizer_rule_text(rule: QuantizerRule) -> str:
    if not rule.enabled:
        return tr("{name} in float", name=rule.target)
    if rule.per_channel is not None:
        told = tr("weights per channel") if rule.per_channel else tr("one scale for each weight")
        return tr("{name}: {observers}", name=rule.target, observers=told)
    return tr("{name}: another rule", name=rule.target)


def _changes(run: InspectedRun, ran: Plan, plan: Plan) -> Iterator[Change | None]:
    """Yield each added rule as a change that can be predicted; None for one that cannot."""
    rules, quantizer_rules = _added(ran, plan)
    for rule in rules:
        yield _of_rule(run, ran, rule)
    tensors = {each.target for each in quantizer_rules if each.kind == "tensor" and not each.enabled}
    for each in quantizer_rules:
        yield _of_tensor(run, each.target, tensors) if each.target in tensors else _of_quantizer_rule(run, each)


def _of_rule(run: InspectedRun, ran: Plan, rule: Rule) -> Change | None:
    if rule.qconfig is not None:
        return _of_qconfig(run, rule, rule.qconfig) if rule.kind == "module_name" else None
    if rule.kind == "module_name":
        return _inside(run, rule.target)
    if rule.kind != "module_name_object_type_order" or run.watched is None:
        return None
    stage = run.stage(run.watched)
    assert stage is not None
    for node in stage.graph.nodes:
        if node.op == "call_function" and node.target == rule.object_type and node.module_path == rule.target:
            change = operators_in_float(ran, stage.graph, (node.id,))
            if change is not None and change.rules == (rule,):
                return change
    return None


def _inside(run: InspectedRun, path: str) -> Change | None:
    """Return all operators that a path names, for whose sake quantizers are there."""
    if run.watched is None or run.ledger is None:
        return None
    nodes = run.index(run.watched).nodes
    asked = dict.fromkeys(each for row in run.ledger.quantizers for each in row.asked_by if each in nodes)
    named = tuple(
        each
        for each in asked
        if nodes[each].target == path or nodes[each].place == path or nodes[each].place.startswith(f"{path}.")
    )
    return Change("module", path, (), nodes=named) if named else None


def _of_qconfig(run: InspectedRun, rule: Rule, qconfig: QConfig) -> Change | None:
    gains: dict[str, Number] = {}
    for factory, kinds, known in (
        (qconfig.weight, ("weight",), _BY_OBSERVER),
        (qconfig.activation, ("activation",), _BY_ACTIVATION),
    ):
        if factory is None:
            continue
        found = _gains(run, rule.target, kinds, known.get(factory.name, ""))
        if not found:
            return None
        gains |= found
    return Change("alternative", rule.target, tuple(gains), gains=gains) if gains else None


def _gains(run: InspectedRun, path: str, kinds: tuple[str, ...], alternative: str) -> dict[str, Number]:
    """Return by how many dB another way to round lowers the noise of the quantizers of a module."""
    found: dict[str, Number] = {}
    for row in run.ledger.quantizers if run.ledger is not None else ():
        if row.kind in kinds and (row.module == path or row.module.startswith(f"{path}.")):
            gain = next((each.gain_db for each in row.alternatives if each.name == alternative), None)
            if gain is not None:
                found[row.id] = gain
    return found


def _of_quantizer_rule(run: InspectedRun, rule: QuantizerRule) -> Change | None:
    if rule.enabled:
        name = "per_channel" if rule.per_channel else "per_tensor"
        gains = _gains(run, rule.target, ("weight",), name) if rule.per_channel is not None else {}
        return Change("alternative", rule.target, tuple(gains), gains=gains) if gains else None
    if rule.kind == "module_name":
        return _inside(run, rule.target)
    if rule.kind == "node" and run.watched is not None and rule.target in run.index(run.watched).nodes:
        return Change("operator", rule.target, (), nodes=(rule.target,))
    return None


def _of_tensor(run: InspectedRun, target: str, tensors: Collection[str]) -> Change | None:
    """Return the quantizers that round a tensor, where all tensors that share their range are in float."""
    rows = []
    for row in run.ledger.quantizers if run.ledger is not None else ():
        if row.nodes and row.kind != "weight" and run.watched == row.stage:
            given = {run.source(row.stage, each) for each in row.nodes}
            if target in given and given.issubset(tensors):
                rows.append(row.id)
    return Change("tensor", target, tuple(rows), nodes=(target,)) if rows else None
