"""The precision of what flows along the edges, and of the operators that a backend could run in low precision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from qviz.analysis.overlays.overlay import Overlay, StageRecord
from qviz.analysis.overlays.scale import Categories, Category
from qviz.analysis.views.dtypes import DtypeClass, OutputValues, dtype_class
from qviz.words import mark

SCALE = Categories(
    (
        Category(DtypeClass.FLOAT.value, mark("float32"), "edge.float"),
        Category(DtypeClass.LOW.value, mark("8 bits or fewer"), "edge.low", "heavy"),
        Category(DtypeClass.HALF.value, mark("float16"), "edge.half", "dashed"),
        Category(DtypeClass.INDEX.value, mark("integer or bool"), "edge.index", "dotted"),
    ),
    mixed=DtypeClass.FLOAT.value,
)


class _EdgeClasses(Mapping[tuple[str, str], str]):
    """The class of the dtype on each edge, which its producer decides: nothing is computed or kept for each edge."""

    def __init__(self, record: StageRecord) -> None:
        self._record, self._graph = record, record.stage.whole

    @cached_property
    def _outputs(self) -> OutputValues:
        return self._record.tree.outputs

    def __getitem__(self, edge: tuple[str, str]) -> str:
        return self._outputs.dtype_class(edge[0])

    def get(self, edge: tuple[str, str], default: Any = None) -> Any:
        value = self._outputs.values.get(edge[0])  # here, not by an item that may raise: a large graph has many
        return super().get(edge, default) if value is None else dtype_class(value.dtype)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(dict.fromkeys((edge.from_id, edge.to_id) for edge in self._graph.edges))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return bool(self._graph.edges)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _EdgeClasses) and self._graph is other._graph

    def __hash__(self) -> int:
        return id(self._graph)


def precision(record: StageRecord) -> Overlay:
    """Return the precision of each edge, and after a conversion that of each operator that could be low."""
    return Overlay("precision", mark("precision"), SCALE, _operators(record), _EdgeClasses(record))


def _operators(record: StageRecord) -> dict[str, str]:
    summary = record.summary.get("precision")
    if not isinstance(summary, dict) or summary.get("stage") != record.stage.name:
        return {}
    found: dict[str, str] = {}
    for each in (DtypeClass.FLOAT.value, DtypeClass.LOW.value):
        ids = summary.get(each)
        found |= {node_id: each for node_id in ids if isinstance(node_id, str)} if isinstance(ids, list) else {}
    return found
