"""The stages that a run of a plan will have, before there is any."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from qviz.document.plan import Plan, expected_stages
from qviz.ui.panels.widgets import empty, label
from qviz.words import names, trn


class ComingStages(QWidget):
    """Names them in their order, in dashed outlines."""

    def __init__(self) -> None:
        super().__init__()
        self._stages: tuple[str, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)

    def show_plan(self, plan: Plan) -> None:
        """Name the stages of a plan's flow."""
        stages = expected_stages(plan)
        if stages == self._stages:
            return
        self._stages = stages
        empty(self._row)
        for place, stage in enumerate(stages):
            if place:
                self._row.addWidget(label("→", "muted"))
            self._row.addWidget(label(names.stage(stage), "dashed"))
        told = trn(len(stages), "{count} stage, once it has inputs", "{count} stages, once it has inputs")
        self._row.addWidget(label(told, "small"))
        self._row.addStretch(1)
