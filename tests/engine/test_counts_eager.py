"""The eager flows against a count of the modules that torch's own steps leave behind and that a run calls.

The count hangs hooks on the very modules of plain torch and asks isinstance; it shares nothing with qviz's drawing.
"""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.ao.nn.quantized as nnq
from torch import nn
from torch.ao.quantization import (
    FakeQuantizeBase,
    ObserverBase,
    convert,
    fuse_modules,
    fuse_modules_qat,
    get_default_qat_qconfig,
    get_default_qconfig,
    prepare,
    prepare_qat,
    quantize_dynamic,
)
from torch.ao.quantization import qconfig as qconfigs

from qviz.document.graph import Graph
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded
from tests.engine.test_counts import QUANTIZED_CLASSES, torch_model, torch_model_names
from tests.sweeps import pairs

FLOWS = ("eager-dynamic", "eager-weight-only", "eager-static", "eager-qat")

COUNTED = ("observer", "fake_quant", "fused_op", "quantized_op", "quantize", "dequantize")


def kind(module: nn.Module) -> str | None:
    """Return the kind of what quantization made; None for what it left alone."""
    if isinstance(module, FakeQuantizeBase):
        return "fake_quant"
    if isinstance(module, ObserverBase):
        return "observer"
    if isinstance(module, nnq.Quantize):
        return "quantize"
    if isinstance(module, nnq.DeQuantize):
        return "dequantize"
    if isinstance(module, QUANTIZED_CLASSES) or ".quantized" in type(module).__module__:
        return "quantized_op" if not isinstance(module, nnq.QFunctional | nnq.FloatFunctional) else None
    return "fused_op" if type(module).__module__.startswith("torch.ao.nn.intrinsic") else None


def calls(model: nn.Module, inputs: tuple[Any, ...]) -> Counter[str] | None:
    """Return how often one run calls modules of each kind, those inside of others left out; None if it fails."""
    found: Counter[str] = Counter()
    inside: list[nn.Module] = []

    of_weights = {id(getattr(each, "weight_fake_quant", None)) for each in model.modules()}

    def enter(module: nn.Module, _: Any) -> None:
        # A fused module is a Sequential, which runs its observer once more as if it were one of its parts.
        is_part = bool(inside) and module in inside[-1].children()
        what = None if id(module) in of_weights or is_part else kind(module)
        if what is not None and (not inside or what in ("observer", "fake_quant")):
            found[what] += 1
        if what is not None:
            inside.append(module)

    def leave(module: nn.Module, *_: Any) -> None:
        if inside and inside[-1] is module:
            inside.pop()

    handles = [each.register_forward_pre_hook(enter, prepend=True) for each in model.modules()]
    handles += [each.register_forward_hook(leave, prepend=True) for each in model.modules()]
    try:
        with torch.no_grad():
            model(*copy.deepcopy(inputs))
    except Exception:  # torch has no kernel, or a stub is missing: then torch itself cannot run it
        return None
    finally:
        for handle in handles:
            handle.remove()
    return found


def drawn(graph: Graph) -> Counter[str]:
    """Return how many nodes that call modules have each kind."""
    return Counter(node.kind.value for node in graph.nodes if node.op == "call_module" and node.kind.value in COUNTED)


def run(name: str, flow: str) -> tuple[Snapshot, nn.Module, tuple[Any, ...]]:
    torch.manual_seed(0)
    model, inputs = torch_model(name)
    if flow == "eager-qat":
        inputs = tuple(torch.cat([each, each]) for each in inputs)  # a batch norm does not train on a batch of one
    model.eval()
    snapshot = run_loaded(Loaded(copy.deepcopy(model), inputs), Plan(source="model", flow=flow), lambda _: None)
    return snapshot, model, inputs


def by_torch(
    model: nn.Module, flow: str, snapshot: Snapshot, inputs: tuple[Any, ...]
) -> Iterator[tuple[str, nn.Module]]:
    """Yield the stages of torch's own steps, each before the next changes it."""
    torch.backends.quantized.engine = "x86"
    if flow == "eager-dynamic":
        yield "converted", quantize_dynamic(model)
        return
    if flow == "eager-weight-only":
        spec = dict.fromkeys((nn.Embedding, nn.EmbeddingBag), qconfigs.float_qparams_weight_only_qconfig)
        yield "converted", quantize_dynamic(model, spec, torch.quint8)
        return
    trains = flow == "eager-qat"
    model.train(trains)
    if entries := snapshot.run.config.get("fuse_list"):
        model = (fuse_modules_qat if trains else fuse_modules)(model, entries)
    if getattr(model, "qconfig", None) is None:  # some of torch's models bring their own
        model.qconfig = get_default_qat_qconfig("x86") if trains else get_default_qconfig("x86")
    prepared = (prepare_qat if trains else prepare)(model)
    prepared(*copy.deepcopy(inputs))
    yield "prepared", copy.deepcopy(prepared)
    yield "converted", convert(prepared.eval())


def attempt(act: Callable[[], list[tuple[str, nn.Module]]]) -> tuple[list[tuple[str, nn.Module]], Exception | None]:
    try:
        return act(), None
    except Exception as error:  # torch may raise anything
        return [], error


@pytest.mark.parametrize(("name", "flow"), pairs(sorted(torch_model_names()), FLOWS, one_in=3))
def test_nodes_are_the_modules_that_torch_calls(name: str, flow: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        snapshot, model, inputs = run(name, flow)
        stages, failure = attempt(lambda: list(by_torch(model, flow, snapshot, inputs)))
        if failure is not None:  # what torch cannot do, qviz cannot either, and says torch's reason
            assert snapshot.run.error is not None, failure
            assert str(failure).splitlines()[0][:60] in snapshot.run.error.message
            return
        assert snapshot.run.error is None
        for stage, module in stages:
            expected = calls(module, inputs)
            if expected is not None:
                assert drawn(snapshot.stage(stage).graph) == expected, stage
        if flow in ("eager-static", "eager-qat"):
            expected = calls(stages[0][1], inputs)
            assert expected is not None
            assert expected["observer"] + expected["fake_quant"] > 0 or not any(model.parameters())
