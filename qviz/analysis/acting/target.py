"""What an edit of the plan is about: operators and their module, in the stage that rules speak of."""

from __future__ import annotations

from typing import NamedTuple

from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace
from qviz.analysis.inspecting.tensors import TensorColumn, tensors
from qviz.document.flows import Flow, Mode, flow
from qviz.document.graph import Kind, Node, NodeId
from qviz.document.plan import Plan, is_exported_program
from qviz.document.snapshot import StageName
from qviz.words import names, tr


class PlanEdit(NamedTuple):
    """Another plan, and in a few words what it does."""

    plan: Plan
    told: str


class NoEdit(NamedTuple):
    """No edit is possible, and why, in words."""

    reason: str


class EditTarget(NamedTuple):
    """What was selected, as rules can name it.

    Attributes:
        stage: The stage in which the operators stand: the one with observers, else the first.
        nodes: The operators.
        path: The module path that names them and nothing else, of a tensor who gives it; "" where there is none.
        is_group: Whether a whole module was selected.
        tensor: The tensor of an observer or a cast that was selected; None of an operator.
        source: The node that gives it; "" of an operator.
    """

    stage: StageName
    nodes: tuple[NodeId, ...]
    path: str
    is_group: bool = False
    tensor: TensorColumn | None = None
    source: NodeId = ""

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.source or self.path or (self.nodes[0] if self.nodes else "")


def target_of_node(run: InspectedRun, plan: Plan, place: NodePlace) -> EditTarget | NoEdit:
    """Return what rules call a node: an operator itself, of what observes or casts a tensor the tensor."""
    node, stage = run.node(place), _rule_stage(run)
    if node is None or stage is None:
        return NoEdit(tr("Select a node first."))
    if node.kind.computes:
        nodes = run.operators(stage, run.become(place.stage, (place.node,), stage))
        if not nodes:
            return NoEdit(tr("{name} is not an operator of stage {stage}.", name=node.id, stage=names.stage(stage)))
        return EditTarget(stage, nodes, _path(run, plan, stage, nodes))
    return _tensor(run, plan, stage, place, node)


def target_of_group(run: InspectedRun, stage: StageName, path: str) -> EditTarget | NoEdit:
    """Return what rules call a module."""
    there = _rule_stage(run)
    if not path or there is None:
        return NoEdit(tr("Select a module inside of the model."))
    ids = [node.id for node in run.inside(stage, path)]
    nodes = run.operators(there, run.become(stage, ids, there))
    return EditTarget(there, nodes, path, is_group=True)


def flow_of(plan: Plan, option: str = "") -> Flow | NoEdit:
    """Return the flow of a plan that quantizes and takes rules of one kind or the other."""
    chosen = flow(plan.flow)
    if chosen is None or not chosen.quantizes:
        return NoEdit(tr("This flow quantizes nothing."))
    wanted = option or ("quantizer_options" if chosen.mode is Mode.PT2E else "rules")
    if not chosen.takes(wanted):
        return NoEdit(tr("{flow} takes no rules.", flow=names.flow(chosen.id, chosen.title)))
    if is_exported_program(plan.source) and chosen.mode is not Mode.PT2E:
        return NoEdit(tr("An exported program has no module paths."))
    return chosen


def _rule_stage(run: InspectedRun) -> StageName | None:
    stages = run.parts.stages
    return run.watched or (stages[0].name if stages else None)


def _path(run: InspectedRun, plan: Plan, stage: StageName, nodes: tuple[NodeId, ...]) -> str:
    """Return the path of the one module whose only operator this is; "" where rules by module would name more."""
    node = run.index(stage).nodes[nodes[0]]
    if is_exported_program(plan.source):
        return ""
    if node.op == "call_module":
        return node.target
    return run.leaf(NodePlace(stage, node.id)) or ""


def _tensor(run: InspectedRun, plan: Plan, stage: StageName, place: NodePlace, node: Node) -> EditTarget | NoEdit:
    column = next(iter(tensors(run, place)), None)
    if column is None or node.kind not in _ROUNDING:
        return NoEdit(tr("{name} rounds nothing.", name=node.id))
    watching = [each for each in run.become(place.stage, (place.node,), stage) if each in run.index(stage).nodes]
    watcher = next((each for each in watching if run.index(stage).nodes[each].kind.watches), None)
    if watcher is None:
        return NoEdit(tr("{name} rounds nothing in stage {stage}.", name=node.id, stage=names.stage(stage)))
    source = run.source(stage, watcher)
    row = column.row
    why = run.index(stage).nodes[watcher].why
    asked = row.asked_by if row is not None else (why.roles.get("asked_by", ()) if why is not None else ())
    nodes = tuple(each for each in asked if each in run.index(stage).nodes)
    path = _path(run, plan, stage, (source,)) if source in nodes else ""
    return EditTarget(stage, nodes, path, tensor=column, source=source)


_ROUNDING = frozenset(each for each in Kind if each.watches or each.casts)
