"""Keeps PT2E from exporting patterns of convolutions that a graph does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from torch.ao.quantization.pt2e import qat_utils
from torch.ao.quantization.quantizer import xnnpack_quantizer_utils
from torch.fx import GraphModule


@contextmanager
def only_possible() -> Iterator[None]:
    """Have ``prepare_qat_pt2e`` and ``convert_pt2e`` look for batch norms behind the convolutions that a graph has.

    For each of conv1d, conv2d and both transposed ones torch exports 27 patterns to find and replace them by, which
    takes three fifths of such a run; on a graph without that operator none can match. What ``qat_utils`` does
    besides, it does to these, too.
    """
    utils: Any = qat_utils
    annotators: Any = xnnpack_quantizer_utils
    fuse, fold = utils._fuse_conv_bn_qat_helper, utils._fold_conv_bn_qat_helper  # noqa: SLF001 - there is no other way
    annotate = annotators._do_annotate_conv_bn  # noqa: SLF001

    def fused(model: GraphModule, conv_fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return fuse(model, conv_fn, *args, **kwargs) if _has(model, conv_fn.__name__) else _cleaned(model)

    def folded(model: GraphModule, conv_fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if _has(model, conv_fn.__name__):
            return fold(model, conv_fn, *args, **kwargs)
        _cleaned(model)
        utils._duplicate_dequantize_node(model)  # noqa: SLF001
        utils._remove_extra_dequantize(model)  # noqa: SLF001
        return _cleaned(model)

    def annotated(model: GraphModule, *args: Any, **kwargs: Any) -> Any:
        if _has(model, "conv_transpose" if kwargs.get("is_conv_transpose") else "conv"):
            return annotate(model, *args, **kwargs)
        _cleaned(model)
        return []

    with (
        patch.multiple(utils, _fuse_conv_bn_qat_helper=fused, _fold_conv_bn_qat_helper=folded),
        patch.multiple(annotators, _do_annotate_conv_bn=annotated),
    ):
        yield


def _has(model: GraphModule, operator: str) -> bool:
    """Return whether an operator's name begins like this one."""
    return any(str(node.target).startswith(f"aten.{operator}") for node in model.graph.nodes)


def _cleaned(model: GraphModule) -> GraphModule:
    model.graph.eliminate_dead_code()
    model.recompile()
    return model
