"""Looks for weights and data that are not finite: torch stops far behind them, or carries nan to the output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.fx import GraphModule
from torch.nn import Module

from qviz.document.snapshot import Finding, Level, Stage
from qviz.engine.loading.forward import Arguments, names


def weights_not_finite(model: Module, stages: Sequence[Stage]) -> Iterator[Finding]:
    """Yield every parameter that holds nan or inf, and every buffer that holds nan: masks hold inf on purpose.

    Args:
        model: The user's, as its flow got it.
        stages: As far as they were reached; the nodes are those of the first one.
    """
    for path, tensor in (*model.named_parameters(), *model.named_buffers()):
        count = _count(tensor, isinstance(tensor, torch.nn.Parameter))
        if not count:
            continue
        nodes = _readers(path, stages[0]) if stages else ()
        yield Finding(
            rule="not_finite",
            level=Level.ERROR,
            stage=stages[0].name if stages else "captured",
            nodes=nodes,
            code="not_finite.weight",
            roles={"subject": nodes} if nodes else {},
            args={"name": path, "count": count},
            place=() if nodes else (path,),
        )


def data_not_finite(batch: Arguments, model: Module, graph: GraphModule) -> Iterator[Finding]:
    """Yield the first argument of a batch that holds nan or inf; for a batch at which calibration stopped.

    Args:
        batch: A call of ``forward``.
        model: The user's, whose parameters name the arguments.
        graph: The prepared model, whose placeholders are the nodes.
    """
    inputs = {node.name for node in graph.graph.nodes if node.op == "placeholder"}
    for name, value in zip(names(batch, model), batch.values, strict=True):
        if isinstance(value, Tensor) and value.is_floating_point() and not bool(torch.isfinite(value).all()):
            nodes = (name,) if name in inputs else ()
            yield Finding(
                rule="not_finite",
                level=Level.ERROR,
                stage="prepared",
                nodes=nodes,
                code="not_finite.data",
                roles={"subject": nodes} if nodes else {},
                args={"name": name or "inputs", "value": "nan" if bool(torch.isnan(value).any()) else "inf"},
                place=() if nodes else (name or "inputs",),
            )
            return


def _count(tensor: Tensor, with_infinite: bool) -> int:
    if not tensor.is_floating_point() or tensor.is_meta or tensor.is_quantized:
        return 0
    wrong = ~torch.isfinite(tensor) if with_infinite else torch.isnan(tensor)
    return int(wrong.sum())


def _readers(path: str, stage: Stage) -> tuple[str, ...]:
    """Return the nodes of the module that holds a tensor, or of the tensor itself."""
    module = path.rpartition(".")[0]
    nodes = stage.whole.nodes
    calls = tuple(node.id for node in nodes if node.op == "call_module" and node.target == module)
    return calls or tuple(node.id for node in nodes if node.op == "get_attr" and node.target == path)
