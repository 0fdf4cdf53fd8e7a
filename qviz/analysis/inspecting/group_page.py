"""What there is to say of a module that holds others: what is inside, which child is the worst, which one differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from msgspec.structs import replace

from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.analysis.inspecting.node_noise import alone_text, quantizers_of, share_of
from qviz.analysis.inspecting.node_page import Fact
from qviz.analysis.inspecting.shares import LowShare, low_share
from qviz.analysis.inspecting.siblings import Sibling, differences_among, makeup_of, otherwise_unlike, unlike
from qviz.analysis.inspecting.source_excerpt import SourceExcerpt, excerpt
from qviz.analysis.ledger.answer import finite
from qviz.analysis.views.repeats import Repeat
from qviz.document.graph import Kind, Node, NodeId
from qviz.document.snapshot import Finding, Level, StageName
from qviz.words import names, tr, trn
from qviz.words.formats import amount, grouped, listed, part, sentence

RepeatAt: TypeAlias = Callable[[str], Repeat | None]
"""What repeats right inside the module of a path."""

_NAMED = 3
MANY_STEPS = 2
"""From so many groups beside each other on there is a step from one to the next."""


class ChildRow(NamedTuple):
    """One child of a group.

    Attributes:
        name: Relative to the group.
        path: Its module path; that of the group for an operator of its own.
        type: Of its module; "" for an operator.
        place: Its first operator.
        low: The share in low precision; None where it is not judged.
        sqnr_db: The worst of its quantizers' own; None where none is measured.
        noise: The sum of the shares of its quantizers.
        is_group: Whether it holds several operators.
        is_worst: Whether it adds most of the noise.
        differs: In what it is unlike its siblings, which are alike; "" where it is not.
    """

    name: str
    path: str
    type: str
    place: NodePlace
    low: float | None
    sqnr_db: float | None
    noise: float | None
    is_group: bool = False
    is_worst: bool = False
    differs: str = ""

    @property
    def is_told(self) -> bool:
        """Whether anything but its name is known; always so of a module."""
        return bool(self.type) or any(each is not None for each in (self.low, self.sqnr_db, self.noise))


class GroupBeside(NamedTuple):
    """A group beside another: its path and its first operator."""

    path: str
    node: NodeId


class GroupPosition(NamedTuple):
    """Where a group stands among those of the module around it; `at` is from 1."""

    at: int
    of: int
    previous: GroupBeside | None
    next: GroupBeside | None


class GroupPage(NamedTuple):
    """All of a page.

    Attributes:
        stage: Where it was selected.
        path: The module path; "" for the whole model.
        title: What it is called.
        about: Its type and size.
        inside: What it holds, in few words.
        low: How much of it there is, and how much in low precision where that is judged.
        is_judged: Whether it is.
        why: Two sentences at most.
        children: In graph order, without operators that nothing is known of.
        others: How many those are.
        noise_note: What a share of the noise above 100 % means; "" for others.
        is_measured: Whether there is a ledger: what has no quantizer adds no noise then.
        findings: Those inside.
        source: The first line that is known.
        position: Among its siblings; None where it has none.
    """

    stage: StageName
    path: str
    title: str
    about: tuple[str, ...]
    inside: tuple[Fact, ...]
    low: tuple[Fact, ...]
    is_judged: bool
    why: str
    children: tuple[ChildRow, ...]
    others: int
    noise_note: str
    is_measured: bool
    findings: tuple[Finding, ...]
    source: SourceExcerpt | None
    position: GroupPosition | None = None


def group_page(
    run: InspectedRun,
    stage: StageName,
    path: str,
    text: Sequence[str] = (),
    beside: Sequence[StageName] = (),
    repeat_at: RepeatAt | None = None,
) -> GroupPage | None:
    """Return the page of a module; None where the stage has no node inside.

    Args:
        run: What has arrived of it.
        stage: Where it was selected.
        path: Its module path.
        text: The lines of its source file, where that can be read.
        beside: Other stages in view: it is said which of them shows in what a child is unlike.
        repeat_at: Says which children are alike, as their frame on the canvas does; as in the stage alone if not given.
    """
    known = run.stage(stage)
    if known is None:
        return None
    nodes = run.inside(stage, path)
    if not nodes:
        return None
    ids = tuple(node.id for node in nodes)
    views = (stage, *(each for each in dict.fromkeys(beside) if each != stage and run.stage(each) is not None))
    repeat_at = repeat_at or run.trees.of(known.whole).repeat_at
    children = _marked(run, views, path, nodes, repeat_at(path))
    told = tuple(each for each in children if each.is_told)
    shares = low_share(run, stage, ids)
    types = _types(run, stage)
    counted = Counter(each.type for each in children if each.type)
    kind, most = counted.most_common(1)[0] if counted else ("", 0)
    about = [types.get(path, ""), f"{most} × {kind}" if most > 1 else ""]
    if shares.parameters is not None:
        about.append(tr("{count} parameters", count=amount(shares.parameters[1])))
    source = next((node.source for node in nodes if node.source is not None), None)
    return GroupPage(
        stage,
        path,
        path or types.get("", "") or tr("Model"),
        tuple(filter(None, about)),
        tuple(_inside(run, stage, nodes)),
        tuple(_low(nodes, shares)),
        shares.operators is not None,
        " ".join(filter(None, (_unlike(run, views, path, repeat_at), _why(run, stage, nodes, children)))),
        told,
        len(children) - len(told),
        alone_text(quantizers_of(run, stage, ids)),
        run.ledger is not None,
        _findings(run, stage, ids),
        excerpt(source, text),
        _position(run, stage, path),
    )


def _types(run: InspectedRun, stage: StageName) -> dict[str, str]:
    found: dict[str, str] = {}
    known = run.stage(stage)
    for group in known.whole.groups if known is not None else ():
        found[group.path] = group.type
    return found


def _inside(run: InspectedRun, stage: StageName, nodes: Sequence[Node]) -> Iterator[Fact]:
    ids = [node.id for node in nodes]
    first = run.parts.first
    before = len(run.become(stage, ids, first))
    yield tr("nodes"), grouped(len(nodes)) if before == len(nodes) else f"{grouped(before)} → {grouped(len(nodes))}"
    if casts := Counter(node.kind for node in nodes if node.kind.casts):
        yield tr("casts"), tr("{q} q, {dq} dq", q=grouped(casts[Kind.QUANTIZE]), dq=grouped(casts[Kind.DEQUANTIZE]))
    if watching := sum(node.kind.watches for node in nodes):
        yield tr("observers"), grouped(watching)
    if (noise := share_of(quantizers_of(run, stage, ids))) is not None:
        yield tr("share of noise"), part(noise)


def _low(nodes: Sequence[Node], shares: LowShare) -> Iterator[Fact]:
    if shares.operators is not None:
        low, total = shares.operators
        yield tr("operators"), tr("{low} of {total}", low=grouped(low), total=grouped(total))
    else:
        yield tr("operators"), grouped(sum(node.kind.computes for node in nodes))
    for name, pair in ((tr("parameters"), shares.parameters), (tr("MACs"), shares.macs)):
        if pair is not None:
            yield name, tr("{count}, {share}", count=amount(pair[1]), share=part(pair[0] / pair[1]))


def _position(run: InspectedRun, stage: StageName, path: str) -> GroupPosition | None:
    """Return where a group stands among those that the canvas shows beside it."""
    known = run.stage(stage)
    if not path or known is None:
        return None
    tree, nodes = run.trees.of(known.whole), run.index(stage).nodes
    groups = next(
        (inner for each in (tree.root, *tree.root.walk()) if path in (inner := {at.path: at for at in each.groups})), {}
    )
    steps = []
    for own, group in groups.items():
        first = next((each for each in group.nodes if nodes[each].kind.computes), None)
        if first is not None:
            steps.append(GroupBeside(own, first))
    at = next((number for number, each in enumerate(steps) if each.path == path), None)
    if at is None or len(steps) < MANY_STEPS:
        return None
    following = steps[at + 1] if at + 1 < len(steps) else None
    return GroupPosition(at + 1, len(steps), steps[at - 1] if at else None, following)


def _by_child(path: str, nodes: Sequence[Node]) -> dict[tuple[str, str], list[Node]]:
    """Return the nodes of each child, by its name and path; those of an operator of the module's own by its id."""
    inside: dict[tuple[str, str], list[Node]] = {}
    for node in nodes:
        rest = node.place.removeprefix(path).lstrip(".")
        name = rest.partition(".")[0]
        if name:
            inside.setdefault((name, f"{path}.{name}".lstrip(".")), []).append(node)
        elif node.kind.computes:
            inside[node.id, path] = [node]
    return inside


def _unlike(run: InspectedRun, views: Sequence[StageName], path: str, repeat_at: RepeatAt) -> str:
    """Return in what a module is unlike its siblings, where those are alike."""
    parent, _, name = path.rpartition(".")
    odd = _differences(run, views, parent, repeat_at(parent)) if path else {}
    return unlike(odd[name]) if name in odd else ""


def _differences(run: InspectedRun, views: Sequence[StageName], path: str, repeat: Repeat | None) -> dict[str, str]:
    """Return in what children of a module are unlike the others, in the first stage or in one in view beside it."""
    found: dict[str, str] = {}
    for stage in views:
        types = _types(run, stage)
        siblings = {
            name: _sibling(run, stage, own, types.get(own, "") or _type_of(members), members, repeat)
            for (name, own), members in _by_child(path, run.inside(stage, path)).items()
            if own != path
        }
        for name, told in differences_among(siblings).items():
            known = told if stage == views[0] else tr("In {stage}: {told}", stage=names.stage(stage), told=told)
            found[name] = found.get(name) or (known if told else "")
    return {name: told or otherwise_unlike(name) for name, told in found.items()}


def _type_of(members: Sequence[Node]) -> str:
    return next((each.module_type for each in members if each.kind.computes), "")


def _sibling(
    run: InspectedRun, stage: StageName, path: str, type_: str, members: Sequence[Node], repeat: Repeat | None
) -> Sibling:
    is_counted = repeat is not None and type_ == repeat.type
    is_like = path not in (*repeat.different, *repeat.noted) if repeat is not None and is_counted else None
    casts, ids = sum(each.kind.casts for each in members), {each.id for each in members}
    told = {
        each.rule
        for each in run.parts.findings
        if each.stage == stage and each.level is not Level.INFO and not ids.isdisjoint(each.nodes)
    }
    return Sibling(type_, makeup_of(run, stage, path, members), casts, frozenset(told), is_like)


def _marked(
    run: InspectedRun, views: Sequence[StageName], path: str, nodes: Sequence[Node], repeat: Repeat | None
) -> tuple[ChildRow, ...]:
    stage = views[0]
    types, rows = _types(run, stage), []
    for (name, own), members in _by_child(path, nodes).items():
        first = next((each for each in members if each.kind.computes), None)
        if first is None:
            continue
        ids = tuple(each.id for each in members)
        quantizers = quantizers_of(run, stage, ids)
        levels = [level for row in quantizers if (level := finite(row.local_db)) is not None]
        type_ = "" if own == path else types.get(own, "") or first.module_type
        share = low_share(run, stage, ids).share
        worst, noise = min(levels, default=None), share_of(quantizers)
        is_group = sum(each.kind.computes for each in members) > 1
        rows.append(ChildRow(name, own, type_, NodePlace(stage, first.id), share, worst, noise, is_group))
    known = [row.noise for row in rows if row.noise is not None]
    most = max(known) if known and len(rows) > 1 else None
    odd = _differences(run, views, path, repeat)
    return tuple(
        row._replace(is_worst=row.noise is not None and row.noise == most, differs=odd.get(row.name, ""))
        for row in rows
    )


def _why(run: InspectedRun, stage: StageName, nodes: Sequence[Node], children: Sequence[ChildRow]) -> str:
    odd = [each for each in children if each.differs]
    alike = sum(1 for each in children if odd and each.type == odd[0].type and not each.differs)
    stays = _floats(run, stage, nodes)
    if odd:
        told = trn(alike, "{count} child is like the others.", "{count} children are alike.")
        return " ".join([told, *(each.differs for each in odd[:_NAMED])])
    if not stays:
        return tr("All operators run in low precision.") if run.judged_stage is not None else ""
    reason = next((node.why.rule for node in stays if node.why is not None and node.why.stays_float), "")
    floats = trn(
        len(stays), "{names} stays in float.", "{count} operators stay in float: {names}.", names=listed(_names(stays))
    )
    return f"{floats} {sentence(reason)}".strip() if reason and len(stays) == 1 else floats


def _names(nodes: Sequence[Node]) -> list[str]:
    return [node.place if node.op == "call_module" and node.place else node.id for node in nodes]


def _floats(run: InspectedRun, stage: StageName, nodes: Sequence[Node]) -> list[Node]:
    """Return the operators that could run in low precision and do not, as they are in the judged stage."""
    if run.judged_stage is None:
        return []
    ids: tuple[NodeId, ...] = run.become(stage, [node.id for node in nodes], run.judged_stage)
    index = run.index(run.judged_stage)
    return [index.nodes[each] for each in ids if each in run.floats]


def _findings(run: InspectedRun, stage: StageName, ids: Sequence[NodeId]) -> tuple[Finding, ...]:
    """Return the findings inside, of each the nodes inside first: from there one goes on."""
    there = {name: frozenset(each) for name, each in run.through(stage, ids).items()}
    found = []
    for each in run.parts.findings:
        inside = there.get(each.stage, frozenset())
        if here := [node for node in each.nodes if node in inside]:
            found.append(replace(each, nodes=tuple(dict.fromkeys((*here, *each.nodes)))))
    return tuple(found)
