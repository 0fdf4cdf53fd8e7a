"""Which nodes of one stage became which of the next.

torch keeps the names of the nodes that survive a step and never gives the name of an erased
node to a new one of the same graph, so equal names are the first evidence. What a step erased
is then followed by structure: a fused or folded operator into the survivor that feeds it, an
observer into the quantize and dequantize around the tensor that it watched, a float function
into the low-precision one written at the same source line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from qviz.analysis.regions import function_name
from qviz.document.graph import CASTING, WATCHING, Json, Kind, Node
from qviz.document.query import Index
from qviz.document.snapshot import Link, Relation, Stage


def link_stages(previous: Stage, current: Stage) -> tuple[Link, ...]:
    """Return the links from `previous` to `current`, in the order of the graphs."""
    return _Matching(previous, current).links()


class _Matching:
    """The state of matching one pair of stages.

    Attributes:
        became: Ids of the current stage by id of the previous one.
        fresh: Ids of the current stage that no node of the previous one has claimed.
    """

    def __init__(self, previous: Stage, current: Stage) -> None:
        self.previous, self.current = previous, current
        self.old, self.new = Index(previous.whole), Index(current.whole)
        self.became: dict[str, list[str]] = {}
        self.fresh = {node_id: None for node_id in self.new.nodes if node_id not in self.old.nodes}
        self.found: list[Link] = []

    def links(self) -> tuple[Link, ...]:
        survivors = [node_id for node_id in self.old.nodes if node_id in self.new.nodes]
        erased = [node_id for node_id in self.old.nodes if node_id not in self.new.nodes]
        for node_id in survivors:
            self.became[node_id] = [node_id]
        rewritten = self._rewritten([i for i in erased if self.old.nodes[i].kind is Kind.OP])
        absorbed = self._follow_absorbed(erased)
        for new_id, old_ids in rewritten.items():
            self._link_rewritten(new_id, [*old_ids, *absorbed.get(new_id, [])], self._helpers(old_ids))
        for node_id in survivors:
            self._link_survivor(node_id, absorbed.get(node_id, []))
        self._link_erased(erased)
        for node_id in self.fresh:
            self._add([], [node_id], "inserted", 1.0, "link.new_node")
        return self._in_order()

    def _link_erased(self, erased: list[str]) -> None:
        """Follow observers first: what they became tells where the weights behind them went."""
        kinds = {node_id: self.old.nodes[node_id].kind for node_id in erased}
        for node_id in erased:
            if kinds[node_id] in WATCHING:
                self._follow_observer(node_id)
        for node_id in erased:
            if kinds[node_id] is Kind.CONSTANT and node_id not in self.became:
                self._follow_constant(node_id)
        self._follow_folded([node_id for node_id in erased if node_id not in self.became])
        for node_id in erased:
            if node_id not in self.became:
                self._add([node_id], [], "removed", 0.9, self._why_gone(node_id))

    def _add(
        self,
        old: Sequence[str],
        new: Sequence[str],
        relation: Relation,
        confidence: float,
        code: str,
        args: dict[str, Json] | None = None,
        **roles: str | Sequence[str],
    ) -> None:
        ids = {role: (each,) if isinstance(each, str) else tuple(each) for role, each in roles.items()}
        names = self.previous.name, self.current.name
        self.found.append(Link(*names, tuple(old), tuple(new), relation, confidence, code, ids, args or {}))
        for node_id in old:
            self.became.setdefault(node_id, list(new))
        if relation != "inserted":
            for node_id in new:
                self.fresh.pop(node_id, None)

    def _in_order(self) -> tuple[Link, ...]:
        old_place = {node_id: place for place, node_id in enumerate(self.old.nodes)}
        new_place = {node_id: place for place, node_id in enumerate(self.new.nodes)}

        def place(link: Link) -> tuple[int, int]:
            first_old = min((old_place[i] for i in link.from_ids), default=len(old_place))
            return first_old, min((new_place[i] for i in link.to_ids), default=-1)

        return tuple(sorted(self.found, key=place))

    def _link_survivor(self, node_id: str, absorbed: list[str]) -> None:
        before, after = self.old.nodes[node_id], self.new.nodes[node_id]
        if absorbed:
            relation: Relation = "fused" if after.kind in (Kind.FUSED_OP, Kind.QUANTIZED_OP) else "folded"
            parts = [i for i in absorbed if self.old.nodes[i].kind is not Kind.CONSTANT]
            code = "link.operators_absorbed" if parts else "link.constants_absorbed"
            self._add([node_id, *absorbed], [node_id], relation, 0.95, code, host=node_id, parts=parts)
        elif (before.kind, before.target, before.module_type) == (after.kind, after.target, after.module_type):
            self._add([node_id], [node_id], "same", 1.0, "link.same_name")
        else:
            self._add([node_id], [node_id], "replaced", 1.0, *_changed(before, after))

    def _rewritten(self, erased: list[str]) -> dict[str, list[str]]:
        """Match float functions with the new low-precision ones of the same line, name and turn."""
        candidates: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for node_id in self.fresh:
            node = self.new.nodes[node_id]
            if node.kind in (Kind.QUANTIZED_OP, Kind.OP):
                for word in _words(node):
                    candidates[_line(node), word].append(node_id)
        taken: defaultdict[str, list[str]] = defaultdict(list)
        turn: defaultdict[tuple[str, str], int] = defaultdict(int)
        for node_id in erased:
            node = self.old.nodes[node_id]
            key = _line(node), function_name(node)
            matches = candidates.get(key, [])
            if turn[key] < len(matches):
                taken[matches[turn[key]]].append(node_id)
                self.became[node_id] = [matches[turn[key]]]
                turn[key] += 1
        return taken

    def _link_rewritten(self, new_id: str, old_ids: list[str], helpers: list[str]) -> None:
        relation: Relation = "fused" if len(old_ids) > 1 else "decomposed" if helpers else "replaced"
        code = "link.same_line_with_helpers" if helpers else "link.same_line"
        args: dict[str, Json] = {"target": self.new.nodes[new_id].target}
        self._add(old_ids, [new_id, *helpers], relation, 0.9, code, args, helpers=helpers)

    def _helpers(self, old_ids: list[str]) -> list[str]:
        """Return the new operators that a rewritten one needs beside it: training a batch norm scales the weight."""
        if len(old_ids) > 1 or not (place := self.old.nodes[old_ids[0]].module_path):
            return []
        if not self.old.nodes[old_ids[0]].target.startswith("aten.conv"):
            return []
        nodes = (self.new.nodes[each] for each in self.fresh)
        return [each.id for each in nodes if each.kind is Kind.OP and each.source is None and each.place == place]

    def _follow_absorbed(self, erased: list[str]) -> dict[str, list[str]]:
        """Return, by survivor, the erased operators behind it and the constants only they used."""
        goes_to: dict[str, str] = {}
        for node_id in erased:
            node = self.old.nodes[node_id]
            # What nothing read was removed, not taken in.
            is_read = bool(self.old.users[node_id])
            if is_read and node_id not in self.became and node.kind in (Kind.OP, Kind.FUSED_OP):
                host = self._host(node_id, goes_to)
                if host is not None:
                    goes_to[node_id] = host
        for node_id in erased:
            users = self.old.users[node_id]
            hosts = {goes_to.get(user) for user in users}
            if self.old.nodes[node_id].kind is Kind.CONSTANT and len(hosts) == 1 and None not in hosts:
                goes_to[node_id] = hosts.pop() or ""
        absorbed: defaultdict[str, list[str]] = defaultdict(list)
        for node_id in erased:
            if node_id in goes_to:
                absorbed[goes_to[node_id]].append(node_id)
        return absorbed

    def _host(self, node_id: str, goes_to: dict[str, str]) -> str | None:
        """Return the survivor that took in the operator: the first thing that feeds it."""
        for producer in self.old.producers[node_id]:
            step: str | None = producer
            while step is not None and self.old.nodes[step].kind in WATCHING:
                step = next(iter(self.old.producers[step]), None)
            if step is None or self.old.nodes[step].kind in (Kind.CONSTANT, Kind.INPUT):
                continue
            if step in goes_to:
                return goes_to[step]
            if step in self.became and step not in self.new.nodes:
                return self.became[step][0]
            if step in self.new.nodes and self.old.nodes[step].kind in (Kind.OP, Kind.FUSED_OP):
                return step
        return None

    def _follow_observer(self, node_id: str) -> None:
        subject = next(iter(self.old.producers[node_id]), None)
        if subject is None:
            return
        sources = self.became.get(subject, [])
        casts = self._casts_after(sources)
        if casts:
            is_quantized = self.new.nodes[casts[0]].kind is not Kind.DEQUANTIZE
            code = "link.tensor_quantized" if is_quantized else "link.tensor_dequantized"
            self._add([node_id], casts, "replaced", 0.95, code, cast=casts[0], subject=subject)
            return
        casts = self._weight_casts(node_id)
        if casts:
            self._add([node_id], casts, "replaced", 0.9, "link.weight_cast", cast=casts[0], subject=subject)
        elif hosts := [i for i in sources if self.new.nodes[i].kind in (Kind.QUANTIZED_OP, Kind.QUANTIZE)]:
            self._add([node_id], hosts, "folded", 0.9, "link.scale_in_operator", host=hosts[0])
        elif sources:
            self._add([node_id], [], "removed", 0.8, "link.no_cast_needed", source=sources[0])

    def _casts_after(self, sources: Iterable[str]) -> list[str]:
        """Return the quantize behind the sources, and the dequantize behind it or them."""
        casts: list[str] = []
        for source in sources:
            for user in self.new.users[source]:
                if user not in self.old.nodes and self.new.nodes[user].kind in CASTING and user not in casts:
                    casts.append(user)
        for cast in list(casts):
            casts += [i for i in self.new.users[cast] if self.new.nodes[i].kind in CASTING and i not in casts]
        return casts

    def _weight_casts(self, node_id: str) -> list[str]:
        """Return the new casts of constants that feed the users of an observer of a constant."""
        casts: list[str] = []
        position = {user: self.old.producers[user].index(node_id) for user in self.old.users[node_id]}
        for user, index in position.items():
            for host in self.became.get(user, []):
                feeders = self.new.producers[host]
                if index < len(feeders) and self.new.nodes[feeders[index]].kind in CASTING:
                    casts.append(feeders[index])
        return [cast for cast in casts if cast not in self.old.nodes and self._from_constant(cast)]

    def _from_constant(self, cast: str) -> bool:
        return all(self.new.nodes[i].kind in (Kind.CONSTANT, Kind.QUANTIZE) for i in self.new.producers[cast])

    def _follow_constant(self, node_id: str) -> None:
        """A float weight became the constant behind the casts that its observer became."""
        for user in self.old.users[node_id]:
            for cast in self.became.get(user, []):
                constants = [i for i in self.new.producers.get(cast, []) if i in self.fresh]
                if self.old.nodes[user].kind in WATCHING and constants:
                    code = "link.constant_behind_cast"
                    self._add([node_id], constants, "replaced", 0.9, code, cast=cast, observer=user)
                    return

    def _follow_folded(self, erased: list[str]) -> None:
        """Weights, and operators on them, that were computed once and for all are in the constant behind the casts."""
        parts: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for node_id in erased:
            if self.old.nodes[node_id].kind in (Kind.CONSTANT, Kind.OP) and (found := self._computed_into(node_id)):
                parts[found].append(node_id)
        for constants, node_ids in parts.items():
            relation: Relation = "folded" if len(node_ids) > 1 else "replaced"
            self._add(node_ids, constants, relation, 0.9, "link.computed_once", constants=constants)

    def _computed_into(self, node_id: str) -> tuple[str, ...]:
        """Return the new constants behind the casts that the observer of a weight became, past operators on it."""
        waiting, seen = list(self.old.users[node_id]), {node_id}
        while waiting:
            step = waiting.pop(0)
            if step in seen:
                continue
            seen.add(step)
            if self.old.nodes[step].kind in WATCHING:
                inputs = [i for cast in self.became.get(step, []) for i in self.new.producers[cast]]
                constants = [i for i in inputs if self.new.nodes[i].kind is Kind.CONSTANT and i not in self.old.nodes]
                if constants:
                    return tuple(dict.fromkeys(constants))
            elif self.old.nodes[step].kind is Kind.OP and step not in self.became:
                waiting += self.old.users[step]
        return ()

    def _why_gone(self, node_id: str) -> str:
        node = self.old.nodes[node_id]
        if node.kind in WATCHING:
            return "link.gone.observer"
        if node.kind is Kind.CONSTANT:
            return "link.gone.constant"
        return "link.gone.removed" if self.old.users[node_id] else "link.gone.unused"


def _words(node: Node) -> list[str]:
    """Return the functions that a low-precision operator stands for: ``add_relu`` is add and relu."""
    base = function_name(node)
    return list(dict.fromkeys([base, *base.split("_")]))


def _changed(before: Node, after: Node) -> tuple[str, dict[str, Json]]:
    """Return how an operator differs under its old name: in its own name, or in its kind alone, as a ``Conv2d`` may."""
    one, other = (each.module_type if each.op == "call_module" else each.target for each in (before, after))
    if one != other:
        return "link.operator_changed", {"before": one, "after": other}
    return "link.kind_changed", {"operator": one, "kind": {"code": f"kind.{after.kind.value}", "part": "text"}}


def _line(node: Node) -> str:
    return f"{node.source.file}:{node.source.line}" if node.source else ""
