"""Sets the qconfigs of an eager model as a plan says: on the whole, then where its rules hold.

Eager mode knows no mapping: a module's ``qconfig`` attribute holds for it and for what is inside without one.
"""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from torch import nn
from torch.ao.nn.intrinsic.modules import fused

from qviz.document.configuration import Rule
from qviz.document.graph import Json
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level
from qviz.engine.configuration.fuse_list import FuseList
from qviz.engine.configuration.object_types import object_type
from qviz.engine.configuration.qconfigs import default_qconfig, make_qconfig, named_qconfig
from qviz.engine.loading.written import Written
from qviz.errors import QvizError
from qviz.words import tr

_STRENGTH = ("global", "object_type", "module_name_regex", "module_name")
_FUSED: type = vars(fused)["_FusedModule"]


class Configured(NamedTuple):
    """What was set.

    Attributes:
        statements: The Python that does it again.
        imports: What that needs.
        matched: How many modules each rule matched.
        findings: What is odd about them.
        left_by: By their paths the modules whose qconfig is None, each with the rule that says so.
    """

    statements: tuple[str, ...]
    imports: frozenset[str]
    matched: tuple[int, ...]
    findings: tuple[Finding, ...]
    left_by: dict[str, Json]


def configure(model: nn.Module, plan: Plan, joined: FuseList = ()) -> Configured:
    """Set the qconfigs of a fused model; what the user set on it stays where the plan says nothing.

    Args:
        model: The model.
        plan: Its rules.
        joined: What was fused: in the place of all but the first of an entry stands an Identity.

    Raises:
        QvizError: A qconfig, an observer or a type that does not exist, or a kind of rule that eager mode has not.
    """
    whole = default_qconfig(plan) if plan.qconfig is None else named_qconfig(plan.qconfig)
    statements, imports = [f"model.qconfig = {whole.python}"], whole.imports
    if plan.qconfig is not None or getattr(model, "qconfig", None) is None:
        model.qconfig = whole.value
    else:
        statements, imports = [], frozenset()
    counts: dict[int, int] = {}
    fused_away = {path for entry in joined for path in entry[1:]}
    left_by: dict[str, Json] = {}
    for number in sorted(range(len(plan.rules)), key=lambda place: _strength(plan.rules[place])):
        rule = plan.rules[number]
        qconfig = Written(None, "None") if rule.qconfig is None else make_qconfig(rule.qconfig, plan)
        paths = _paths(model, rule)
        for path in paths:
            model.get_submodule(path).qconfig = qconfig.value
            left_by.pop(path, None)
            if qconfig.value is None:
                left_by[path] = statement_of(rule)
            statements.append(f"model{_access(path)}.qconfig = {qconfig.python}")
        counts[number] = len(paths) - sum(path in fused_away for path in paths)
        imports |= qconfig.imports
    unmatched = [rule for place, rule in enumerate(plan.rules) if not counts[place]]
    findings = tuple(
        _names_fused(rule) if rule.target in fused_away else matches_nothing(rule, model, "fused") for rule in unmatched
    )
    matched = tuple(counts[place] for place in range(len(plan.rules)))
    return Configured(tuple(statements), imports, matched, findings, left_by)


def statement_of(rule: Rule) -> Json:
    """Return what a rule is for, as an argument of the reason of what it leaves in float."""
    return {"code": f"left_by.{rule.kind}", "args": {"target": rule.target}}


def _strength(rule: Rule) -> int:
    if rule.kind not in _STRENGTH:
        raise QvizError(
            tr("Eager mode has no rules by {kind}", kind=rule.kind),
            tr("Choose one of: {names}.", names=", ".join(_STRENGTH)),
        )
    return _STRENGTH.index(rule.kind)


def _access(path: str) -> str:
    return f".get_submodule({path!r})" if path else ""


def _paths(model: nn.Module, rule: Rule) -> list[str]:
    """Return the modules that a rule matches; a fused one goes by the type of its first part."""
    inside = {f"{path}.{name}" for path, each in model.named_modules() if isinstance(each, _FUSED) for name in "012"}
    modules = {path: each for path, each in model.named_modules() if path not in inside}
    match rule.kind:
        case "global":
            return [""]
        case "object_type":
            wanted = object_type(rule.target).value
            return [path for path, module in modules.items() if wanted in (type(module), _first_type(module))]
        case "module_name_regex":
            return [path for path in modules if path and re.match(rule.target, path)]
        case _:
            return [path for path in modules if path == rule.target]


def _first_type(module: nn.Module) -> type | None:
    return type(next(module.children())) if isinstance(module, _FUSED) else None


def _names_fused(rule: Rule) -> Finding:
    """Return the finding of a rule for a module that fusion has made part of another one."""
    code, args = "rule_matches_nothing.eager_fused", dict[str, Json](target=rule.target)
    return Finding("rule_matches_nothing", Level.WARNING, "fused", (), code, {}, args, (rule.target,))


def matches_nothing(rule: Rule, model: nn.Module, stage: str) -> Finding:
    """Return the finding of a rule that no module of an eager model fits."""
    names = [name for path, module in model.named_modules() for name in (path, type(module).__name__) if name]
    near = difflib.get_close_matches(rule.target.rpartition("torch.nn.")[2], names, 1)
    args: dict[str, Json] = {"target": rule.target, **({"near": near[0]} if near else {})}
    cause = ("eager_type" if rule.kind == "object_type" else "eager_name") + ("_near" if near else "")
    if rule.kind == "object_type" and not isinstance(object_type(rule.target).value, type):
        cause = "eager_function"
    return Finding(
        rule="rule_matches_nothing",
        level=Level.WARNING,
        stage=stage,
        nodes=(),
        code=f"rule_matches_nothing.{cause}",
        args=args,
        place=(rule.target,),
    )
