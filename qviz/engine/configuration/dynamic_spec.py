"""Makes the ``qconfig_spec`` of ``quantize_dynamic`` from the rules of a plan.

torch looks a module up by its type first and by its path then, and what it finds for a module above gives way to both.
So a rule for a module is written out for each one inside that would be replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from torch import nn
from torch.ao.quantization.quantization_mappings import get_default_dynamic_quant_module_mappings
from torch.nn.utils.parametrize import type_before_parametrizations

from qviz.document.configuration import Rule
from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding
from qviz.engine.configuration.eager import matches_nothing, statement_of
from qviz.engine.configuration.object_types import object_type
from qviz.engine.configuration.qconfigs import default_qconfig, make_qconfig
from qviz.engine.loading.written import Written
from qviz.errors import QvizError
from qviz.words import tr

_STRENGTH = ("global", "object_type", "module_name_regex", "module_name")


_BY_TYPE = ("global", "object_type")


class DynamicSpec(NamedTuple):
    """What ``quantize_dynamic`` is given.

    Attributes:
        written: The dict and its Python; None where the plan has no rules, and torch chooses.
        matched: How many modules each rule decided.
        left: The modules that rules leave in float, each with the rule.
        findings: Rules that match nothing.
        statements: Set the ``qconfig`` of modules that have one and that rules name: it is stronger than the dict.
    """

    written: Written | None = None
    matched: tuple[int, ...] = ()
    left: Mapping[str, Json] = {}
    findings: tuple[Finding, ...] = ()
    statements: tuple[str, ...] = ()


def dynamic_spec(model: nn.Module, plan: Plan, types: Sequence[type[nn.Module]]) -> DynamicSpec:
    """Return the spec of a plan's rules.

    Args:
        model: As ``quantize_dynamic`` gets it.
        plan: With rules or without.
        types: What it replaces by default.

    Raises:
        QvizError: A qconfig, an observer or a type that does not exist, or a kind of rule that this flow has not.
    """
    if not plan.rules:
        return DynamicSpec()
    usual, rules = default_qconfig(plan), plan.rules
    made = [Written(None, "None") if each.qconfig is None else make_qconfig(each.qconfig, plan) for each in rules]
    by_type = {each: (Written(each, f"torch.nn.{each.__name__}"), usual) for each in types}
    decided: dict[str, int] = {}
    for number in sorted(range(len(rules)), key=lambda place: _strength(rules[place])):
        rule = rules[number]
        named = object_type(rule.target) if rule.kind == "object_type" else None
        if named is not None and isinstance(named.value, type):
            by_type[named.value] = named, made[number]
        if rule.kind == "global":
            by_type |= {each: (by_type[each][0], made[number]) for each in types}
        for path, module in model.named_modules():
            type_ = type_before_parametrizations(module)
            is_meant = type_ is named.value if named is not None else _is_named(rule, path, type_ in types)
            if path and type_ in by_type and is_meant:
                decided[path] = number
    by_path = {path: made[number] for path, number in decided.items() if rules[number].kind not in _BY_TYPE}
    entries = [*by_type.values(), *((Written(path, repr(path)), each) for path, each in by_path.items())]
    own = [path for path in decided if hasattr(model.get_submodule(path), "qconfig")]
    for path in own:
        setattr(model.get_submodule(path), "qconfig", made[decided[path]].value)  # noqa: B010 - torch declares none
    counts = tuple(list(decided.values()).count(number) for number in range(len(rules)))
    return DynamicSpec(
        Written(
            {key.value: each.value for key, each in entries},
            f"{{{', '.join(f'{key.python}: {each.python}' for key, each in entries)}}}",
            frozenset().union(*(key.imports | each.imports for key, each in entries)),
        ),
        counts,
        {path: statement_of(rules[at]) for path, at in decided.items() if rules[at].qconfig is None},
        tuple(matches_nothing(rules[place], model, "captured") for place, count in enumerate(counts) if not count),
        tuple(f"model.get_submodule({path!r}).qconfig = {made[decided[path]].python}" for path in own),
    )


def left_out(model: nn.Module, spec: Mapping[Any, Any]) -> frozenset[str]:
    """Return the modules that ``quantize_dynamic`` has a replacement for and leaves: nothing gives them a qconfig.

    Args:
        model: Not quantized yet.
        spec: As torch takes it.
    """
    known = get_default_dynamic_quant_module_mappings()
    return frozenset(
        path
        for path, module in model.named_modules()
        if (type_ := type_before_parametrizations(module)) in known
        and getattr(module, "qconfig", spec.get(path, spec.get(type_))) is None
    )


def _strength(rule: Rule) -> tuple[int, int]:
    """Return what sorts rules; of two module paths the longer one is nearer to what it decides."""
    if rule.kind not in _STRENGTH:
        raise QvizError(
            tr("quantize_dynamic has no rules by {kind}", kind=rule.kind),
            tr("Choose one of: {names}.", names=", ".join(_STRENGTH)),
        )
    return _STRENGTH.index(rule.kind), len(rule.target) if rule.kind == "module_name" else 0


def _is_named(rule: Rule, path: str, is_usual: bool) -> bool:
    if rule.kind == "global":
        return is_usual
    if rule.kind == "module_name_regex":
        return re.match(rule.target, path) is not None
    return path == rule.target or path.startswith(f"{rule.target}.")
