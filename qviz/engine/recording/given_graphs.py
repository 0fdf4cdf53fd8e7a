"""Records graphs that the caller already has, with the links between them."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from itertools import pairwise

import msgspec
import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.fx import GraphModule

from qviz.analysis import findings
from qviz.analysis.linking.links import link_stages
from qviz.analysis.verdicts.summary import summarize
from qviz.document.codec import FORMAT_VERSION
from qviz.document.graph import Json
from qviz.document.snapshot import Facts, Finding, Run, Snapshot, Stage
from qviz.engine.recording.extract import record
from qviz.engine.recording.observing_in_eval import observing_in_eval
from qviz.engine.recording.without_strict import without_strict
from qviz.errors import QvizError
from qviz.version import __version__
from qviz.words import tr

_PREPARED_WITH = "_observed_graph_module_attrs"
_LIFTED = (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR, InputKind.CUSTOM_OBJ)


def record_graphs(graphs: Mapping[str, GraphModule | ExportedProgram]) -> Snapshot:
    """Return a snapshot whose stages are the given graphs, in their order.

    Raises:
        QvizError: There is none, or something is no graph.
    """
    if not graphs:
        raise QvizError(tr("No graph was given"), tr("Give a dict of names and GraphModules or ExportedPrograms."))
    stages: list[Stage] = []
    facts: dict[str, dict[str, Facts]] = {}
    in_eval: list[Finding] = []
    for name, graph in graphs.items():
        module, lifted = _open(name, graph)
        stage, measured = record(name, module, earlier=stages[-1] if stages else None, lifted=lifted)
        stages.append(stage)
        if measured:
            facts[name] = measured
        in_eval = [*observing_in_eval(name, module)]  # of the last one alone: it is what runs
    links = tuple(link for before, after in pairwise(stages) for link in link_stages(before, after))
    whole = Snapshot(
        format="qviz",
        version=FORMAT_VERSION,
        run=Run(
            source="graphs in hand", flow="", status="done", config=_config(graphs), versions=versions(), python=""
        ),
        stages=tuple(stages),
        links=links,
        facts=facts,
        findings=(*in_eval, *without_strict(_open(*next(iter(graphs.items())))[0], stages)),
        summary=summarize(stages, links, facts),
        notes=(),
    )
    return msgspec.structs.replace(whole, findings=findings.find(whole))


def versions() -> dict[str, str]:
    """Return the versions that matter for a result."""
    return {"python": platform.python_version(), "qviz": __version__, "torch": str(torch.__version__)}


def _config(graphs: Mapping[str, object]) -> dict[str, Json]:
    """Return what torch keeps in prepared graphs of how they were made: whether for training."""
    kept = (getattr(each, "meta", {}).get(_PREPARED_WITH) for each in graphs.values())
    return {"is_qat": True} if any(getattr(each, "is_qat", False) is True for each in kept) else {}


def _open(name: str, graph: object) -> tuple[GraphModule, tuple[str, ...]]:
    """Return the GraphModule and the names of the placeholders for parameters and buffers."""
    if isinstance(graph, ExportedProgram):
        specs = graph.graph_signature.input_specs
        return graph.graph_module, tuple(spec.arg.name for spec in specs if spec.kind in _LIFTED)
    if isinstance(graph, GraphModule):
        return graph, ()
    raise QvizError(
        tr("{name} is a {type}, not a graph", name=name, type=type(graph).__name__),
        tr("qviz.snapshot takes GraphModules and ExportedPrograms; qviz.inspect takes models."),
    )
