"""Draws reasons at random, as many of one code as of another, and puts each to the test."""

from __future__ import annotations

import random
import warnings
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import qviz
from qviz import Plan
from qviz.document.configuration import QConfig, Rule
from tests.engine.why.reasons import (
    proofs_constants,
    proofs_eager,
    proofs_frame,
    proofs_fusion,
    proofs_fx,
    proofs_patterns,
    proofs_pt2e,
)
from tests.engine.why.reasons.flows import EagerFlow, ExportedFlow, FxFlow
from tests.engine.why.reasons.models import ORIGINS, Origin
from tests.engine.why.reasons.statement import Claim, NoIntervention

GIVEN = str(Path(__file__).with_name("qconfigs.py"))
"""Where a plan finds the qconfigs of `Origin.qconfigs`."""


def claims(origin: Origin, flow: str) -> list[Claim]:
    """Return all reasons of one run."""
    rules = tuple(Rule("module_name", path) for path in origin.left_out)
    rules += tuple(Rule("module_name", path, QConfig(name=f"{GIVEN}:{name}")) for path, name in origin.qconfigs)
    rules += tuple(_rule(*each) for each in origin.rules)
    plan = Plan(flow=flow, rules=rules, measure=False, fuse_list=origin.fuse_list or None)
    result = qviz.inspect(origin.model(), origin.inputs(), plan=plan, measure=False)
    found = []
    for stage in result.stages:
        inside = (
            (f"{path}/{node.id}", node) for path, inner in (stage.subgraphs or {}).items() for node in inner.nodes
        )
        for name, node in (*((node.id, node) for node in stage.graph.nodes), *inside):
            if (why := node.why) is not None:
                fields = {
                    "target": node.target,
                    "op": node.op,
                    "args": node.args,
                    "path": node.module_path,
                    "api": why.api,
                }
                text = f"{why.rule}. {why.evidence}"
                found.append(
                    Claim(origin.name, flow, stage.name, name, why.code, dict(why.roles), why.args, text, fields)
                )
    return found


def _rule(kind: Any, taken: tuple[Any, ...], name: str) -> Rule:
    """Return what a plan calls an entry of a mapping."""
    qconfig = QConfig(name=f"{GIVEN}:{name}") if name else None
    target, *more = (_named(each) for each in taken)
    return Rule(kind, target, qconfig, *more)


def _named(value: Any) -> Any:
    """Return a type or a function by its name."""
    if isinstance(value, str | int):
        return value
    is_torchs = value.__module__ in (None, "torch") or value.__module__.startswith("torch.")
    if not is_torchs:
        return f"{value.__module__}:{value.__name__}"
    return f"torch.nn.{value.__name__}" if isinstance(value, type) else f"torch.{value.__name__}"


def drawn(seed: int, count: int, origins: tuple[Origin, ...] = ORIGINS) -> list[Claim]:
    """Return `count` reasons: one of each code in turn, at random among those of the code."""
    random_numbers = random.Random(seed)
    by_code: defaultdict[str, list[Claim]] = defaultdict(list)
    for origin in origins:
        for flow in origin.flows:
            for claim in claims(origin, flow):
                by_code[claim.code].append(claim)
    for each in by_code.values():
        random_numbers.shuffle(each)
    found: list[Claim] = []
    while len(found) < count and any(by_code.values()):
        found += [waiting.pop() for _, waiting in sorted(by_code.items()) if waiting]
    return found[:count]


@lru_cache(maxsize=64)
def in_torch(name: str, flow: str) -> Any:
    """Return the flow of a model in plain torch."""
    origin = next(each for each in ORIGINS if each.name == name)
    if flow.startswith("fx"):
        rules = (*(("module_name", (path,), name) for path, name in origin.qconfigs), *origin.rules)
        return FxFlow(origin.model, origin.inputs(), flow, origin.left_out, rules)
    if flow.startswith("pt2e"):
        return ExportedFlow(origin.model, origin.inputs(), flow)
    return EagerFlow(origin.model, origin.inputs(), flow, origin.left_out, origin.fuse_list)


def verdict(claim: Claim) -> str:
    """Return ``proved``, ``false``, or ``none`` where there is no intervention for it."""
    family = claim.flow.partition("-")[0]
    proofs: dict[str, Any] = {
        "fx": proofs_fx.PROOFS | proofs_patterns.PROOFS | proofs_fusion.FX_PROOFS | proofs_constants.FX_PROOFS,
        "pt2e": proofs_pt2e.PROOFS | proofs_constants.EXPORTED_PROOFS,
        "eager": proofs_eager.PROOFS | proofs_fusion.EAGER_PROOFS,
    }
    proof = proofs[family].get(claim.code) or proofs_frame.PROOFS.get(claim.code)
    if proof is None:
        return "none"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "proved" if proof(claim, in_torch(claim.origin, claim.flow)) else "false"
    except NoIntervention:
        return "none"
