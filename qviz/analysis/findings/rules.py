"""The rules there are: each stands in a file of its own, which declares what it finds."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import NamedTuple, TypeAlias

from qviz.analysis.findings.evidence import Evidence
from qviz.document.snapshot import Finding
from qviz.registry import Registry

FindingRule: TypeAlias = Callable[[Evidence], Iterable[Finding]]
"""A function that asks the evidence of a run and gives what it finds."""


class DeclaredRule(NamedTuple):
    """A rule with the ids of what it finds."""

    ids: tuple[str, ...]
    find: FindingRule


RULES: Registry[DeclaredRule] = Registry("finding rule")
"""By the first id of each; `declared_rules` has imported those of qviz."""


def finds(*ids: str) -> Callable[[FindingRule], FindingRule]:
    """Return a decorator that registers a rule.

    Args:
        ids: What `Finding.rule` of its findings may be.
    """

    def declare(rule: FindingRule) -> FindingRule:
        RULES.add(ids[0], DeclaredRule(ids, rule))
        return rule

    return declare


def declared_rules() -> tuple[DeclaredRule, ...]:
    """Return all rules: those of this package in the order of their files, then what others registered."""
    _import_rules()
    return RULES.values()


@cache
def _import_rules() -> None:
    package = import_module(__name__.rpartition(".")[0])
    for module in sorted(each.name for each in pkgutil.iter_modules(package.__path__)):
        import_module(f"{package.__name__}.{module}")
