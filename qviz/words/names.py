"""The names of the document's own things: kinds of nodes, stages, levels, rules."""

from __future__ import annotations

from qviz.words.formats import capitalized
from qviz.words.statement import term
from qviz.words.visible import short_name


def kind(value: str) -> str:
    """Return the name of a kind of node: ``fake quantize``."""
    return term(f"kind.{value}") or value.replace("_", " ")


def kinds(value: str, count: int) -> str:
    """Return how many nodes of a kind there are: ``2 observers``."""
    return term(f"kind.{value}", "count", count=count)


def stage(name: str) -> str:
    """Return the name of a stage: ``Prepared``, of a second result ``Prepared · mine``, of an unknown one its id."""
    own, between, result = name.partition(" · ")
    return (term(f"stage.{own}") or capitalized(short_name(own))) + between + short_name(result)


def mode(value: str) -> str:
    """Return the name of a flow's mode: ``FX graph``."""
    return term(f"mode.{value}") or value


def method(value: str) -> str:
    """Return the name of a flow's method: ``Static (calibrated)``."""
    return term(f"method.{value}") or value


def flow(flow_id: str, title: str = "") -> str:
    """Return the name of a flow: ``FX static``; of one that another package brings its own title, or its id."""
    return term(f"flow.{flow_id}") or title or flow_id


def level(value: str) -> str:
    """Return the name of a level of findings and notices: ``warning``."""
    return term(f"level.{value}") or value


def rule(rule_id: str) -> str:
    """Return the title of a finding's rule, of a user's own its id in words: ``Float island``."""
    return term(f"rule.{rule_id}") or capitalized(short_name(rule_id.replace("_", " ")))
