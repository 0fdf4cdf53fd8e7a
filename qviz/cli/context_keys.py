"""What the context of a command keeps for those that are called without its options."""

from __future__ import annotations

TRUST = "qviz.trust"
"""Whether ``--trust`` was given."""
TYPED = "qviz.typed"
"""The fields of the plan that the user wrote herself."""
TIMEOUT = "qviz.timeout"
"""For how many seconds an engine may be at work; None for no limit."""
