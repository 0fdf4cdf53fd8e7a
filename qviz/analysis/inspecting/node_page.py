"""What there is to say of one node, from its name down to how qviz knows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from qviz.analysis.inspecting.held_bytes import held_bytes
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace, family
from qviz.analysis.inspecting.node_noise import PlaceNoise, noise_of, quantizers_of
from qviz.analysis.inspecting.source_excerpt import SourceExcerpt, excerpt
from qviz.analysis.inspecting.tensor_table import TensorTable, tensor_table
from qviz.analysis.inspecting.tensors import tensors
from qviz.analysis.linking.relations import became, came_from
from qviz.analysis.views.captions import signature, title_of
from qviz.document.graph import Kind, Node, NodeId, Why
from qviz.document.snapshot import Finding, Link, StageName
from qviz.words import names, tr, trn
from qviz.words.formats import dtype, ended, listed, percent, sentence, sentences, size

Fact: TypeAlias = tuple[str, str]
"""What something is called, and what it is."""


class Ground(NamedTuple):
    """How something is known: what it is about, and the words or the name of torch's that say so."""

    name: str
    told: str
    is_code: bool = False


class Position(NamedTuple):
    """Where a node stands among those that one steps through.

    Attributes:
        kind: What they are, in words.
        at: From 1.
        of: How many there are.
        previous: The one before; None at the beginning.
        next: The one behind; None at the end.
    """

    kind: str
    at: int
    of: int
    previous: NodeId | None
    next: NodeId | None


class StageNodes(NamedTuple):
    """What a node is in one stage.

    Attributes:
        stage: The stage.
        ids: The nodes there; none where nothing is left, or is not there yet.
        relation: How they came from the stage before, in words; "" in the first stage.
        others: The constants that belong to it there, counted in words; "" where there are none.
    """

    stage: StageName
    ids: tuple[NodeId, ...]
    relation: str
    others: str = ""


class NodePage(NamedTuple):
    """All of a page; what is not known is None or empty, and the painter says so.

    Attributes:
        place: The node.
        title: What it is called.
        about: Its type, precision, size and path, each in words.
        position: Among its like.
        path: The module path; "" at the root.
        why: One sentence; "" where no reason was recorded.
        table: Its tensors.
        noise: What it adds.
        not_measured: Why there is no noise to tell, in words; "" where there is, or where none can be.
        is_ledger_known: Whether the noise of the run was measured at all.
        findings: Those at the node and at what belongs to it, in any stage.
        stages: What it is in every stage.
        source: Its line.
        members: The observers that share its range, itself among them.
        knows: How all that is known.
    """

    place: NodePlace
    title: str
    about: tuple[str, ...]
    position: Position
    path: str
    why: str
    table: TensorTable | None
    noise: PlaceNoise | None
    not_measured: str
    is_ledger_known: bool
    findings: tuple[Finding, ...]
    stages: tuple[StageNodes, ...]
    source: SourceExcerpt | None
    members: tuple[NodeId, ...]
    knows: tuple[Ground, ...]


def node_page(run: InspectedRun, place: NodePlace, text: Sequence[str] = ()) -> NodePage | None:
    """Return the page of a node; None where the run has no such node.

    Args:
        run: What has arrived of it.
        place: The node.
        text: The lines of its source file, where that can be read.
    """
    node = run.node(place)
    if node is None:
        return None
    noise = noise_of(run, place)
    is_op = node.kind.computes
    return NodePage(
        place=place,
        title=title_of(node, run.leaf(place)) if is_op else node.id,
        about=tuple(_about(run, place, node)),
        position=_position(run, place, node),
        path=node.place,
        why=_why(run, place, node),
        table=tensor_table(tensors(run, place)),
        noise=noise,
        not_measured="" if noise is not None else _not_measured(run, place, node),
        is_ledger_known=run.ledger is not None,
        findings=_findings(run, place),
        stages=_stages(run, place),
        source=excerpt(node.source, text),
        members=run.members(place),
        knows=tuple(_knows(run, place, node, noise)),
    )


def _why(run: InspectedRun, place: NodePlace, node: Node) -> str:
    """Return why a node is as it is; of an operator before it is prepared, why it is what it becomes."""
    told = _reason(node.why) if node.why is not None else ""
    judged = run.judged_stage
    if judged is None or place.stage != run.parts.first or place.stage == judged or not node.kind.computes:
        return told
    became = run.become(place.stage, (place.node,), judged)
    later = next((_reason(why) for each in became if (why := run.index(judged).nodes[each].why) is not None), "")
    return tr("In {stage}: {why}", stage=names.stage(judged), why=later) if later else told


def _reason(why: Why) -> str:
    """Return a reason as a sentence, and as a second one what asked for low precision, where the first does not say."""
    asked, origin = (part if isinstance(part := why.args.get(name), dict) else {} for name in ("asked", "origin"))
    given, roles, told = asked.get("args"), origin.get("roles"), ""
    if isinstance(given, dict) and "setter" in given:
        told = tr("Its qconfig comes from {setter}.", setter=given["setter"])
    elif isinstance(roles, dict) and isinstance(inputs := roles.get("inputs"), list | tuple):
        told = tr("The annotation has specs for {inputs}.", inputs=listed(inputs))
    return sentences((sentence(why.rule), told))


def _about(run: InspectedRun, place: NodePlace, node: Node) -> Iterator[str]:
    if node.kind.computes:
        yield signature(node)
        yield precision_of(run, place, node)
    else:
        yield names.kind(node.kind.value)
        if type_ := node.observer.type if node.observer is not None else node.module_type:
            yield type_
        elif node.values:
            yield dtype(node.values[0].dtype)
    if node.kind.computes and (held := held_bytes(run, place)) is not None:
        yield size(held)
    title = title_of(node, run.leaf(place)) if node.kind.computes else node.id
    if node.id not in (title, node.place.replace(".", "_")):  # the path says as much
        yield node.id
    if node.place and node.place not in (title, node.id):
        inferred = tr("{path} (inferred)", path=node.place)
        yield inferred if node.inferred_path is not None and node.inferred_path != node.module_path else node.place


def precision_of(run: InspectedRun, place: NodePlace, node: Node) -> str:
    """Return the integers that an operator works on after all, else the dtype of what it gives."""
    if run.is_low(place.stage, (place.node,)) and run.judged_stage is not None:
        for each in run.become(place.stage, (place.node,), run.judged_stage):
            quant = run.index(run.judged_stage).nodes[each].quant
            params = (quant.weight or quant.output or quant.input) if quant is not None else None
            if params is not None:
                return dtype(params.dtype)
    return dtype(node.values[0].dtype) if node.values else ""


def _position(run: InspectedRun, place: NodePlace, node: Node) -> Position:
    kinds = family(node.kind)
    stage = run.stage(place.stage)
    assert stage is not None
    alike = [each.id for each in stage.whole.nodes if each.kind in kinds]
    at = alike.index(node.id)
    kind = names.kind(node.kind.value)
    for is_such, name in (
        (node.kind.computes, tr("op")),
        (node.kind.watches, tr("observer")),
        (node.kind.casts, tr("cast")),
    ):
        kind = name if is_such else kind
    return Position(
        kind,
        at + 1,
        len(alike),
        alike[at - 1] if at else None,
        alike[at + 1] if at + 1 < len(alike) else None,
    )


def _not_measured(run: InspectedRun, place: NodePlace, node: Node) -> str:
    """Return why a node that rounds has no noise to tell; "" for one that does not."""
    if not (node.kind.computes or node.kind.watches or node.kind.casts):
        return ""
    if run.ledger is not None:
        return tr("It rounds nothing.") if node.kind.computes else ""
    return tr("Not measured.")


def _related(run: InspectedRun, place: NodePlace) -> dict[StageName, frozenset[NodeId]]:
    """Return the nodes in every stage whose findings are the node's own: what it is there, and its quantizers."""
    there = {name: set(ids) for name, ids in run.through(place.stage, (place.node,)).items()}
    for row in quantizers_of(run, place.stage, (place.node,)):
        for name, ids in run.through(row.stage, row.nodes).items():
            there.setdefault(name, set()).update(ids)
    return {name: frozenset(ids) for name, ids in there.items()}


def _findings(run: InspectedRun, place: NodePlace) -> tuple[Finding, ...]:
    if not run.parts.findings:
        return ()
    related = _related(run, place)
    return tuple(each for each in run.parts.findings if not related.get(each.stage, frozenset()).isdisjoint(each.nodes))


def _stages(run: InspectedRun, place: NodePlace) -> tuple[StageNodes, ...]:
    found = []
    for name in (stage.name for stage in run.parts.stages):
        ids = run.parts.across(place.stage, (place.node,), name)
        links = [link for each in ids for link in run.parts.links.links_to(name, each)]
        nodes = run.index(name).nodes
        shown = tuple(each for each in ids if nodes[each].kind is not Kind.CONSTANT) or ids
        others = names.kinds(Kind.CONSTANT.value, len(ids) - len(shown)) if len(shown) < len(ids) else ""
        found.append(StageNodes(name, shown, came_from(links[0], ids[0]).text if links else "", others))
    return tuple(found)


def _knows(run: InspectedRun, place: NodePlace, node: Node, noise: PlaceNoise | None) -> Iterator[Ground]:
    if node.why is not None and node.why.evidence:
        yield Ground(tr("Evidence"), ended(node.why.evidence))
    if node.why is not None and node.why.api:
        yield Ground(tr("API"), node.why.api, is_code=True)
    yield from _links(run, place)
    if node.inferred_path is not None and node.inferred_path != node.module_path:
        yield Ground(tr("Module path"), tr("Inferred from the operator that it serves."))
    if noise is not None and noise.rows:
        yield Ground(tr("Noise"), _how_measured(run, noise))


def _links(run: InspectedRun, place: NodePlace) -> Iterator[Ground]:
    links = run.parts.links
    for link in links.links_to(place.stage, place.node):
        yield Ground(came_from(link, place.node).text, _known_from(link))
    for link in links.links_from(place.stage, place.node):
        yield Ground(became(link, place.node).text, _known_from(link))


def _known_from(link: Link) -> str:
    """Return how a link was found, with a sure one's confidence left out; of a loss the reason, too."""
    known = ended(link.evidence)
    if link.confidence < 1:
        known = tr("{evidence} ({confidence} sure)", evidence=known, confidence=percent(link.confidence))
    return f"{known} {ended(link.reason)}".strip() if link.reason else known


def _how_measured(run: InspectedRun, noise: PlaceNoise) -> str:
    if all(row.is_exact for row in noise.rows):
        return tr("Measured one quantizer at a time.")
    count = run.ledger.projections if run.ledger is not None else 0
    return trn(
        count, "Estimated to first order from {count} projection.", "Estimated to first order from {count} projections."
    )
