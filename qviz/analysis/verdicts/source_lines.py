"""Finds the lines of the model that a finding speaks of."""

from __future__ import annotations

import re

from qviz.document.graph import Node, SourceLine
from qviz.document.run_steps import STOPPED
from qviz.document.snapshot import Finding, Snapshot

_FILE = re.compile(r"(.+?\.py)(:.*)?")


class SourceLines:
    """The source lines of a result, looked up once.

    Attributes:
        model_file: The file of the model; None where nothing says so.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._nodes: dict[tuple[str, str], Node] = {}
        self._of_module: dict[str, SourceLine] = {}
        for stage in snapshot.stages:
            for node in stage.whole.nodes:
                self._nodes[stage.name, node.id] = node
                if node.source and node.module_path:
                    self._of_module.setdefault(node.module_path, node.source)
        error = snapshot.run.error
        self._stopped_at = error.source if error is not None else None
        self.model_file = self._model_file(snapshot)

    def of(self, finding: Finding) -> tuple[SourceLine, ...]:
        """Return the lines of a finding's nodes, each once; that of the operator it serves for an inserted node.

        What stopped a run has the line at which it stopped before them.
        """
        nodes = (self._nodes.get((finding.stage, each)) for each in finding.nodes)
        lines = (node.source or self._of_module.get(node.place) for node in nodes if node)
        first = self._stopped_at if finding.rule == STOPPED else None
        return tuple(dict.fromkeys(line for line in (first, *lines) if line))

    def _model_file(self, snapshot: Snapshot) -> str | None:
        if named := _FILE.fullmatch(snapshot.run.source):
            return named[1]
        return next((node.source.file for node in self._nodes.values() if node.source), None)
