"""Tells of exported graphs in hand in which a quantizer that reads source_fn_stack had nothing to find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch._ops import OpOverload
from torch.fx import GraphModule

from qviz.document.graph import CASTING, WATCHING, Kind
from qviz.document.snapshot import Finding, Level, Stage

_BY = "source_fn_stack"


def without_strict(first: GraphModule, stages: Sequence[Stage]) -> Iterator[Finding]:
    """Yield that graphs of non-strict capture came out of a quantizer as they were.

    X86InductorQuantizer looks for its patterns by ``source_fn_stack`` (`get_source_partitions` of
    torch/fx/passes/utils/source_matcher_utils.py), which only strict capture writes. Which quantizer it was is not
    known.

    Args:
        first: The earliest of the graphs.
        stages: All that were recorded of them.
    """
    kinds = {node.kind for stage in stages for node in stage.whole.nodes}
    if len(stages) == 1 or kinds & (WATCHING | CASTING | {Kind.QUANTIZED_OP}):
        return
    operators = [each for each in first.graph.nodes if isinstance(each.target, OpOverload)]
    if operators and not any(_BY in each.meta for each in operators):
        code = "captured_without_strict.in_hand"
        yield Finding("captured_without_strict", Level.WARNING, stages[0].name, (), code, place=("source_fn_stack",))
