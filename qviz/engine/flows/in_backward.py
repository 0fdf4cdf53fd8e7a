"""Finds the operator whose gradient failed: torch's engine says what failed, and not of which operator it is."""

from __future__ import annotations

import re
import traceback
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Interpreter, Node
from torch.utils import _pytree as pytree

from qviz.engine.failures.chain import first_sentence, root
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.kept_state import buffers_kept
from qviz.engine.nodes import held_state

_ENGINE = "_engine_run_backward"


def failing_node(error: BaseException, drawn: GraphModule, inputs: Arguments) -> Node | None:
    """Return the node at which backward() stops with the same failure, run again from the example inputs.

    None where it did not stop in backward(), or does not again: the place is measured, never guessed.

    Args:
        error: What stopped the training.
        drawn: The graph of the prepared model.
        inputs: Of the example call.
    """
    frames = traceback.walk_tb(root(error).__traceback__)
    if not any(frame.f_code.co_name == _ENGINE for frame, _ in frames):
        return None
    followed = _Followed(drawn)
    try:
        with torch.enable_grad(), torch.random.fork_rng(devices=[]), buffers_kept(drawn), held_state.unchanged(drawn):
            outputs = followed.run(*inputs.cloned().of_graph(drawn))
            leaves = [each for each in pytree.tree_leaves(outputs) if isinstance(each, Tensor) and each.requires_grad]
            parameters = [each for each in drawn.parameters() if each.requires_grad]
            torch.autograd.grad([each.sum() for each in leaves], parameters, allow_unused=True)
    except Exception as again:  # the user's operators may raise anything
        return followed.at if _said(again) == _said(root(error)) else None
    return None


def _said(error: BaseException) -> tuple[str, str]:
    """Return the class and the text of an exception; sizes are those of a batch."""
    return type(error).__name__, re.sub(r"\d+", "0", first_sentence(error))


class _Followed(Interpreter):
    """Runs a graph, and notes which node's gradient is being computed.

    Attributes:
        at: The node whose gradient began last.
    """

    def __init__(self, module: GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.at: Node | None = None
        self._known: set[Any] = set()

    def run_node(self, n: Node) -> Any:
        """Hook into what computes the gradients of a node: all that it added to the graph of autograd."""
        result = super().run_node(n)
        waiting = [each.grad_fn for each in pytree.tree_leaves(result) if isinstance(each, Tensor)]
        while waiting:
            function = waiting.pop()
            if function is None or function in self._known or n.op == "output":
                continue
            self._known.add(function)
            function.register_prehook(lambda _: self._begins(n))
            waiting += [before for before, _ in function.next_functions]
        return result

    def _begins(self, node: Node) -> None:
        self.at = node
