"""Models that were prepared for training, with observers where fake-quants are needed."""

from __future__ import annotations

from collections.abc import Iterator

from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.rules import finds
from qviz.analysis.findings.switched_off import watching_nodes
from qviz.document.snapshot import Finding, Level

_PLACES = 3


@finds("qat_without_fake_quant")
def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the places of a model in training at which a range is kept and nothing is rounded."""
    stage = evidence.prepared
    config = evidence.snapshot.run.config
    is_training = evidence.flow.is_training if evidence.flow is not None else config.get("is_qat") is True
    if stage is None or not is_training:
        return
    watched = {
        place: facts.observer
        for place, facts in evidence.snapshot.facts.get(stage.name, {}).items()
        if facts.observer is not None and facts.observer.min is not None
    }
    places = [place for place, fact in watched.items() if fact.fake_quant_enabled is None]
    if not places:
        return
    nodes = watching_nodes(evidence, stage.name, places)
    yield Finding(
        rule="qat_without_fake_quant",
        level=Level.WARNING,
        stage=stage.name,
        nodes=nodes,
        code=_code(evidence, is_everywhere=len(places) == len(watched)),
        roles={"subject": nodes},
        args={"places": [*places]},
        place=() if nodes else tuple(places[:_PLACES]),
    )


def _code(evidence: Evidence, is_everywhere: bool) -> str:
    if not is_everywhere:
        return "qat_without_fake_quant.some"
    return "qat_without_fake_quant" if evidence.is_exported else "qat_without_fake_quant.qconfig"
