"""Grants as the command line makes them of what the user typed."""

from __future__ import annotations

from qviz.document.plan import Plan
from qviz.trust.grants import Grant
from qviz.trust.references import NamedBy, targets


def typed(plan: Plan) -> tuple[Grant, ...]:
    """Return grants for all that a plan names, as if the user had written it on the command line."""
    return tuple(Grant(target, NamedBy.TYPED) for _, target in targets(plan))
