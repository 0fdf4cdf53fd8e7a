"""What a plan does otherwise than another, in a few words."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.document.configuration import QuantizerRule, Rule
from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.words import names, tr
from qviz.words.formats import listed


def difference(before: Plan, after: Plan) -> str:
    """Return in a few words what a plan does otherwise than another: ``layer1.0.conv1 in float``."""
    floats, gone = _in_float(before, after), _without(before, after)
    found = [each for each in differences(before, after) if each not in (*map(_rule, floats), *map(_no_rule, gone))]
    if floats:
        names_of_floats = listed([_name(rule) for rule in floats], 2)
        found.insert(before.flow != after.flow, tr("{names} in float", names=names_of_floats))
    if gone:
        found.append(_no_rule(gone[0]) if len(gone) == 1 else tr("without {count} rules", count=len(gone)))
    return listed(found, 2) if found else tr("the same again")


def differences(before: Plan, after: Plan) -> tuple[str, ...]:
    """Return each setting that differs, as the second of two plans has it."""
    return tuple(_differences(before, after))


def _differences(before: Plan, after: Plan) -> Iterator[str]:
    if before.flow != after.flow:
        yield flow_title(after)
    yield from (_rule(rule) for rule in _rules(after) if rule not in _rules(before))
    yield from map(_no_rule, _without(before, after))
    if before.quantizer_options.per_channel != after.quantizer_options.per_channel:
        yield tr("per tensor") if after.quantizer_options.per_channel is False else tr("per channel")
    for name in after.__struct_fields__:
        was, now = getattr(before, name), getattr(after, name)
        if was != now and name not in ("flow", "rules", "quantizer_options", "source"):
            yield _setting(name, now)


def _setting(name: str, now: object) -> str:
    if name == "measure" and now is not None:
        return tr("noise measured") if now else tr("noise not measured")
    if isinstance(now, bool):
        return tr("with {name}", name=name) if now else tr("without {name}", name=name)
    return f"{name} {now}" if isinstance(now, str | int | float) else tr("other {name}", name=name)


def _in_float(before: Plan, after: Plan) -> list[Rule | QuantizerRule]:
    """Return the rules of the second plan alone that leave something in float."""
    new = [rule for rule in _rules(after) if rule not in _rules(before)]
    return [rule for rule in new if (rule.qconfig is None if isinstance(rule, Rule) else not rule.enabled)]


def _without(before: Plan, after: Plan) -> list[Rule | QuantizerRule]:
    """Return the rules of the first plan for what the second one has no rule for."""
    targets = {rule.target for rule in _rules(after)}
    return [rule for rule in _rules(before) if rule.target not in targets]


def _no_rule(rule: Rule | QuantizerRule) -> str:
    return tr("no rule for {target}", target=_name(rule))


def _name(rule: Rule | QuantizerRule) -> str:
    return rule.target or tr("everything")


def _rules(plan: Plan) -> list[Rule | QuantizerRule]:
    return [*plan.rules, *plan.quantizer_options.rules]


def _rule(rule: Rule | QuantizerRule) -> str:
    target = _name(rule)
    if isinstance(rule, Rule):
        if rule.qconfig is None:
            return tr("{target} in float", target=target)
        return tr("{target}: another qconfig", target=target)
    if not rule.enabled:
        return tr("{target} in float", target=target)
    if rule.per_channel is not None:
        words = tr("per channel") if rule.per_channel else tr("per tensor")
        return tr("{target} {setting}", target=target, setting=words)
    return tr("a rule for {target}", target=target)


def flow_title(plan: Plan) -> str:
    """Return what the flow of a plan is called."""
    chosen = flow(plan.flow)
    return names.flow(chosen.id, chosen.title) if chosen is not None else tr("Capture only")
