"""Chooses the layout engine: the default everywhere, dot for pictures where it is installed."""

from __future__ import annotations

from typing import Literal, TypeAlias

from qviz.analysis.views.view import View
from qviz.layout.dot_engine import DotEngine, is_installed
from qviz.layout.engine import LAYOUT_ENGINES, LayoutEngine
from qviz.layout.graphlay_engine import GraphlayEngine
from qviz.layout.spacing import ROOMY, Spacing

Purpose: TypeAlias = Literal["screen", "picture"]

__all__ = ["DOT_UP_TO", "LAYOUT_ENGINES", "Purpose", "engine_for"]

DOT_UP_TO = 1000
"""Boxes; on more dot takes longer than anyone waits."""


def engine_for(view: View, purpose: Purpose, name: str | None = None, spacing: Spacing = ROOMY) -> LayoutEngine:
    """Return the engine of that name, or the best for the purpose; the default one knows the spacing.

    Raises:
        QvizError: No engine has that name.
    """
    if name is not None:
        return LAYOUT_ENGINES[name]()
    if purpose == "picture" and len(view.boxes) <= DOT_UP_TO and is_installed():
        return DotEngine()
    return GraphlayEngine(spacing)
