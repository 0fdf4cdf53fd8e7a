"""Builds small graphs, stages and snapshots by hand, without torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qviz.analysis.inspecting.inspected_run import InspectedRun, RunParts
from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.verdicts.acceptance import Acceptance
from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.document.baseline import Baseline
from qviz.document.codec import FORMAT_VERSION
from qviz.document.graph import Edge, Graph, Group, Kind, Node, QParams, Quant, Value
from qviz.document.snapshot import Facts, Finding, Link, ObserverFact, Relation, Run, Snapshot, Stage

_OPS = {Kind.INPUT: "placeholder", Kind.OUTPUT: "output", Kind.CONSTANT: "get_attr"}


def value(*shape: int | str, dtype: str = "torch.float32") -> Value:
    """Return what one output of a node looks like."""
    return Value(shape=shape, dtype=dtype)


def qparams(scale: Any = 0.0624, zero_point: Any = 63, dtype: str = "torch.quint8", **fields: Any) -> QParams:
    """Return per-tensor quantization, per-channel when `scale` is a tuple."""
    per_channel = isinstance(scale, tuple)
    fields.setdefault("qscheme", "torch.per_channel_affine" if per_channel else "torch.per_tensor_affine")
    if per_channel:
        fields.setdefault("axis", 0)
    return QParams(dtype=dtype, scale=scale, zero_point=zero_point, **fields)


def node(
    id: str,  # noqa: A002 - the field's name
    *inputs: str,
    kind: Kind | str = Kind.OP,
    path: str = "",
    type: str = "",  # noqa: A002 - the field's name
    values: Sequence[Value] | None = None,
    attributes: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Node:
    """Return a node that reads `inputs`; its op and target follow its kind unless given."""
    kind = Kind(kind)
    op = fields.pop("op", _OPS.get(kind, "call_module" if type else "call_function"))
    return Node(
        id=id,
        name=fields.pop("name", id),
        op=op,
        target=fields.pop("target", path if op == "call_module" else id),
        kind=kind,
        args=fields.pop("args", [{"node": each} for each in inputs]),
        kwargs=fields.pop("kwargs", {}),
        module_path=path,
        module_type=type,
        values=(value(1, 8),) if values is None else tuple(values),
        attributes=dict(attributes or {}),
        **fields,
    )


def graph(*nodes: Node, groups: Mapping[str, str] | None = None) -> Graph:
    """Return a graph of `nodes`; edges follow the references in their args and kwargs."""
    edges = [
        Edge(from_id, each.id, index)
        for each in nodes
        for index, from_id in enumerate(dict.fromkeys(_references([each.args, each.kwargs])))
    ]
    return Graph(nodes, tuple(edges), tuple(Group(path, type_) for path, type_ in (groups or {}).items()))


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, dict) and set(value) == {"node"}:
        yield value["node"]
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _references(each)


def stage(name: str, *nodes: Node, groups: Mapping[str, str] | None = None, code: str | None = None) -> Stage:
    """Return a stage of `nodes`."""
    return Stage(name=name, graph=graph(*nodes, groups=groups), code=code)


def observed(low: Any = 0.0, high: Any = 5.206, calibrated: bool = True) -> Facts:
    """Return the fact of an observer that saw `low` to `high`."""
    return Facts(observer=ObserverFact(min=low, max=high, calibrated=calibrated))


def snapshot(
    *stages: Stage,
    links: Iterable[Link] = (),
    facts: Mapping[str, Mapping[str, Facts]] | None = None,
    findings: Iterable[Finding] = (),
    **run: Any,
) -> Snapshot:
    """Return a snapshot of `stages`; without any, that of the small net of `small_stages`."""
    fields: dict[str, Any] = {
        "source": "sample:small-conv",
        "flow": "fx-static",
        "status": "done",
        "config": {"backend": "x86"},
        "versions": {"qviz": "0.1.0", "torch": "2.8.0"},
        "python": "import torch\n",
    }
    return Snapshot(
        format="qviz",
        version=FORMAT_VERSION,
        run=Run(**{**fields, **run}),
        stages=stages or small_stages(),
        links=tuple(links),
        facts={name: dict(each) for name, each in (facts or {}).items()},
        findings=tuple(findings),
        summary={},
        notes=(),
    )


def baseline(run: Snapshot, findings: Iterable[Finding]) -> Baseline:
    """Return the baseline that accepts these findings of a run."""
    return Acceptance(None, FindingPlaces(run)).accepting(findings)


def small_stages() -> tuple[Stage, Stage]:
    """Return a linear, a view and a conv block, captured and converted (FX static)."""
    conv = {"in_channels": 10, "out_channels": 1, "kernel_size": [3, 3]}
    linear = {"in_features": 3072, "out_features": 102400}
    image = value(100, 1, 32, 32)
    captured = stage(
        "captured",
        node("x", kind="input", values=[value(10, 3072)]),
        node("fc", "x", path="fc", type="Linear", values=[value(10, 102400)], attributes=linear),
        node("relu", "fc", path="relu", type="ReLU", values=[value(10, 102400)]),
        node(
            "view", "relu", args=[{"node": "relu"}, -1, 10, 32, 32], op="call_method", values=[value(100, 10, 32, 32)]
        ),
        node("conv", "view", path="block.conv", type="Conv2d", values=[image], attributes=conv),
        node("bn", "conv", path="block.bn", type="BatchNorm2d", values=[image], attributes={"num_features": 1}),
        node("relu_1", "bn", path="block.relu", type="ReLU", values=[image]),
        node("output", "relu_1", kind="output", values=[image]),
        groups={"block": "Sequential"},
    )
    return captured, _small_converted(conv, linear)


def small_links() -> tuple[Link, ...]:
    """Return what became of the nodes of `small_stages`."""
    ways: tuple[tuple[tuple[str, ...], tuple[str, ...], Relation], ...] = (
        (("x",), ("x",), "same"),
        (("fc", "relu"), ("fc",), "fused"),
        (("view",), ("view",), "same"),
        (("conv", "relu_1"), ("conv",), "fused"),
        (("bn",), ("conv",), "folded"),
        (("output",), ("output",), "same"),
        ((), ("quantize_per_tensor",), "inserted"),
        ((), ("dequantize",), "inserted"),
    )
    return tuple(Link("captured", "converted", before, after, how, 1.0, "test") for before, after, how in ways)


def _small_converted(conv: dict[str, Any], linear: dict[str, Any]) -> Stage:
    low = "torch.quint8"
    weight = qparams((0.01, 0.02), (0, 0), "torch.qint8")
    return stage(
        "converted",
        node("x", kind="input", values=[value(10, 3072)]),
        node("fc_input_scale_0", kind="constant", inferred_path="fc", values=[value()]),
        node("fc_input_zero_point_0", kind="constant", inferred_path="fc", values=[value(dtype="torch.int64")]),
        node(
            "quantize_per_tensor",
            "x",
            "fc_input_scale_0",
            "fc_input_zero_point_0",
            kind="quantize",
            inferred_path="fc",
            values=[value(10, 3072, dtype=low)],
            quant=Quant(output=qparams()),
        ),
        node(
            "fc",
            "quantize_per_tensor",
            kind="quantized_op",
            path="fc",
            type="LinearReLU",
            values=[value(10, 102400, dtype=low)],
            attributes=linear,
            quant=Quant(weight=weight, output=qparams(0.02, 0)),
        ),
        node(
            "view",
            "fc",
            args=[{"node": "fc"}, -1, 10, 32, 32],
            op="call_method",
            values=[value(100, 10, 32, 32, dtype=low)],
        ),
        node(
            "conv",
            "view",
            kind="quantized_op",
            path="block.conv",
            type="ConvReLU2d",
            values=[value(100, 1, 32, 32, dtype=low)],
            attributes=conv,
            quant=Quant(output=qparams(0.01103, 0)),
        ),
        node(
            "dequantize",
            "conv",
            kind="dequantize",
            op="call_method",
            values=[value(100, 1, 32, 32)],
            quant=Quant(input=qparams(0.01103, 0)),
        ),
        node("output", "dequantize", kind="output", values=[value(100, 1, 32, 32)]),
        groups={"block": "Sequential"},
    )


def inspected(run: Snapshot) -> InspectedRun:
    """Return the lookups of a run."""
    links = LinkIndex(run.links)
    return InspectedRun(RunParts(run.stages, links, run.facts, run.findings, run.summary, run.measurements))
