"""Carries what a plan says for one mode over to the mode of its flow, and tells what has no meaning there.

Plans outlive a change of flow, and `compare` runs all flows on one: what leaves modules in float can be said in each
mode by name and by type. Nothing else is dropped without a word.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from qviz.document.configuration import QuantizerRule, Rule
from qviz.document.flows import Flow, flow
from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level

_TOLD = ("qconfig", "backend_config", "custom", "fuse_list", "fuser")
"""Settings that change what is quantized, besides rules."""
_MODULES = "torch.nn."
_FUNCTIONS = "torch.nn.functional."


class Carried(NamedTuple):
    """A plan for its flow, and what there is to say about it."""

    plan: Plan
    findings: tuple[Finding, ...]


def carried_over(plan: Plan) -> Carried:
    """Return the plan with the rules of another mode in the words of its flow's."""
    chosen = flow(plan.flow)
    if chosen is None or not chosen.quantizes:
        return Carried(plan, ())
    found: list[Finding] = []
    if plan.rules and not chosen.takes("rules"):
        plan = _to_quantizer(plan, chosen, found)
    elif plan.quantizer_options.rules and not chosen.takes("quantizer_options"):
        plan = _to_qconfigs(plan, chosen, found)
    dropped = [name for name in _TOLD if not chosen.takes(name) and getattr(plan, name) != getattr(Plan(), name)]
    if not chosen.takes("quantizer_options"):
        options, usual = plan.quantizer_options, Plan().quantizer_options
        names = ("per_channel", "reduce_range", "then")
        dropped += [f"quantizer_options.{name}" for name in names if getattr(options, name) != getattr(usual, name)]
    if dropped:
        found.append(_finding("setting_without_effect.settings", Level.WARNING, chosen, dropped))
    return Carried(plan, tuple(found))


def _to_quantizer(plan: Plan, chosen: Flow, found: list[Finding]) -> Plan:
    """Return the plan with its rules for qconfigs as rules of its quantizer."""
    can = chosen.takes("quantizer_options")
    carried = [_for_quantizer(rule, plan.quantizer) if can else None for rule in plan.rules]
    new = tuple(each for each in carried if each is not None)
    _tell(found, chosen, [(_named(rule), to is not None) for rule, to in zip(plan.rules, carried, strict=True)])
    options = msgspec.structs.replace(plan.quantizer_options, rules=(*plan.quantizer_options.rules, *new))
    return msgspec.structs.replace(plan, rules=(), quantizer_options=options)


def _for_quantizer(rule: Rule, quantizer: str) -> QuantizerRule | None:
    """Return a rule that leaves modules in float for a quantizer; None where it has no such rule."""
    if rule.qconfig is not None:
        return None
    if rule.kind == "module_name":
        return QuantizerRule("module_name", rule.target, enabled=False)
    by_type = quantizer in ("xnnpack", "x86_inductor") and rule.kind == "object_type" and _is_module(rule.target)
    return QuantizerRule("module_type", rule.target, enabled=False) if by_type else None


def _to_qconfigs(plan: Plan, chosen: Flow, found: list[Finding]) -> Plan:
    """Return the plan with the rules of its quantizer as rules for qconfigs."""
    given, can = plan.quantizer_options.rules, chosen.takes("rules")
    carried = [_for_qconfigs(rule) if can else None for rule in given]
    new = tuple(each for each in carried if each is not None)
    _tell(found, chosen, [(_named(rule), to is not None) for rule, to in zip(given, carried, strict=True)])
    options = msgspec.structs.replace(plan.quantizer_options, rules=())
    return msgspec.structs.replace(plan, rules=(*plan.rules, *new), quantizer_options=options)


def _for_qconfigs(rule: QuantizerRule) -> Rule | None:
    """Return the rule of a quantizer that leaves modules in float for a mapping; None where that has no such rule."""
    if rule.enabled:
        return None
    if rule.kind == "module_name":
        return Rule("module_name", rule.target)
    return Rule("object_type", rule.target) if rule.kind == "module_type" and _is_module(rule.target) else None


def _is_module(target: str) -> bool:
    return target.startswith(_MODULES) and not target.startswith(_FUNCTIONS)


def _named(rule: Rule | QuantizerRule) -> str:
    return f"{rule.kind} {rule.target}".strip()


def _tell(found: list[Finding], chosen: Flow, rules: list[tuple[str, bool]]) -> None:
    """Tell which rules were carried over, and which have no meaning in a flow."""
    kept = [name for name, is_carried in rules if is_carried]
    lost = [name for name, is_carried in rules if not is_carried]
    if kept:
        found.append(_finding("setting_without_effect.translated", Level.INFO, chosen, kept))
    if lost:
        found.append(_finding("setting_without_effect.rules", Level.ERROR, chosen, lost))


def _finding(code: str, level: Level, chosen: Flow, names: list[str]) -> Finding:
    args: dict[str, Json] = {"settings": [*names], "flow": chosen.id}
    return Finding("setting_without_effect", level, "captured", (), code, {}, args, tuple(names))
