"""Float islands: a warning where something can be changed for good, else good to know; each with a hint that works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub
from torch.nn import functional as F  # noqa: N812 - torch's own name

from qviz.analysis.coverage import coverage
from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.inspecting.inspected_run import InspectedRun, RunParts
from qviz.analysis.linking.index import LinkIndex
from qviz.analysis.tables.islands import float_islands
from qviz.document.snapshot import Finding, Level, Snapshot
from tests.faults.cases import GIVEN, IMAGE, ROW, ran
from tests.faults.models import conv, linear, made

Between = Callable[[torch.Tensor], torch.Tensor]


def between(what: Between) -> Callable[[], nn.Module]:
    """Return a model of two linear layers with something between them."""
    return made(lambda m, x: m.fc2(what(m.fc(x))), fc=linear(), fc2=linear())


def islands(snapshot: Snapshot) -> list[Finding]:
    assert snapshot.run.error is None
    return [each for each in snapshot.findings if each.rule == "float_island"]


def inspected(make: Callable[[], nn.Module], flow: str, shape: tuple[int, ...] = ROW, **fields: Any) -> Snapshot:
    return ran(make, flow, [shape], measure=False, **fields)()


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
@pytest.mark.parametrize("what", [F.gelu, F.silu, lambda x: x.amax(1, keepdim=True).expand(8, 8)])
def test_what_the_backend_cannot_quantize_is_good_to_know(what: Between, flow: str):
    (island,) = islands(inspected(between(what), flow))
    assert island.level is Level.INFO
    assert island.code == ("float_island.no_pattern" if flow == "fx-static" else "float_island.not_annotated")


def test_a_function_names_the_module_that_the_backend_has_a_pattern_for_and_that_is_quantized():
    (island,) = islands(inspected(between(lambda x: torch.softmax(x, -1)), "fx-static"))
    assert (island.code, island.level) == ("float_island.other_form", Level.INFO)
    assert (island.args["called"], island.args["forms"]) == (["torch.softmax"], ["torch.nn.Softmax"])
    module = made(lambda m, x: m.fc2(m.act(m.fc(x))), fc=linear(), act=lambda: nn.Softmax(-1), fc2=linear())
    assert islands(inspected(module, "fx-static")) == []


def test_a_product_of_another_form_names_the_one_that_is_quantized():
    def attends(product: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Snapshot:
        def forward(m: Any, x: torch.Tensor) -> torch.Tensor:
            y = m.fc(x)
            return product(product(y, y), y)

        return inspected(made(forward, fc=linear()), "fx-static")

    (little,) = [each for each in attends(lambda a, b: a @ b).findings if each.level is not Level.INFO]
    assert little.code == "little_quantized.macs.other_form"
    assert little.hint == "Use torch.matmul in place of operator.matmul in forward()."
    assert [each.rule for each in attends(torch.matmul).findings if each.level is not Level.INFO] == []


def test_a_module_names_the_function_that_it_calls_and_that_is_quantized():
    def upwards(m: Any, x: torch.Tensor) -> torch.Tensor:
        return m.conv2(F.interpolate(m.conv(x), scale_factor=2))

    up = made(lambda m, x: m.conv2(m.up(m.conv(x))), conv=conv(), up=lambda: nn.Upsample(scale_factor=2), conv2=conv())
    (island,) = islands(inspected(up, "fx-static", IMAGE))
    assert (island.code, island.args["forms"]) == ("float_island.other_form", ["torch.nn.functional.interpolate"])
    snapshot = inspected(made(upwards, conv=conv(), conv2=conv()), "fx-static", IMAGE)
    assert islands(snapshot) == []
    assert len(Evidence(snapshot).precision.low) >= 2


def test_a_function_without_a_kernel_for_the_mode_is_not_offered():
    def upsampled(mode: str) -> list[str]:
        up = made(
            lambda m, x: m.conv2(m.up(m.conv(x))),
            conv=conv(),
            up=lambda: nn.Upsample(scale_factor=2, mode=mode),
            conv2=conv(),
        )
        return [each.code for each in islands(inspected(up, "fx-static", IMAGE))]

    image = torch.quantize_per_tensor(torch.ones(1, 2, 4, 4), 0.1, 0, torch.quint8)
    with pytest.raises(NotImplementedError, match="bicubic"):
        F.interpolate(image, scale_factor=2, mode="bicubic")
    assert F.interpolate(image, scale_factor=2, mode="bilinear").is_quantized
    assert [upsampled("bicubic"), upsampled("bilinear")] == [["float_island.no_pattern"], ["float_island.other_form"]]


@pytest.mark.parametrize("cast", [lambda x: x.float(), lambda x: x.to(torch.float32)])
def test_a_cast_that_does_nothing_is_to_be_removed(cast: Between):
    (island,) = islands(inspected(between(cast), "fx-static"))
    assert (island.code, island.level) == ("float_island.needless_cast", Level.WARNING)
    assert island.hint.startswith("Remove the cast")
    assert islands(inspected(between(lambda x: x), "fx-static")) == []


def test_what_a_tensor_tells_of_itself_is_no_work_in_float():
    def cast(model: Any, x: torch.Tensor) -> Any:
        x = model.fc(x)
        return model.fc2(x + model.fc2.weight[0].to(x.dtype))

    assert islands(inspected(made(cast, fc=linear(), fc2=linear()), "fx-static")) == []


def test_a_cast_beside_other_work_in_float_costs_nothing():
    def normed(x: torch.Tensor) -> torch.Tensor:
        y = F.gelu(x.float())
        return torch.exp(-y * y)

    found = {each.code: each.level for each in islands(inspected(between(normed), "fx-static"))}
    assert found.get("float_island.needless_cast", Level.INFO) is Level.INFO


def test_a_quantizer_of_ones_own_can_annotate_more():
    (island,) = islands(inspected(between(F.gelu), "pt2e-static", quantizer=f"{GIVEN}:own_xnnpack"))
    assert (island.code, island.level) == ("float_island.not_annotated_by_own", Level.WARNING)


def test_what_stands_between_stubs_is_the_users_own_way():
    stubs = {"quant": QuantStub, "dequant": DeQuantStub, "quant2": QuantStub, "dequant2": DeQuantStub}
    islet = made(
        lambda m, x: m.dequant2(m.fc2(m.quant2(m.act(m.dequant(m.fc(m.quant(x))))))),
        fc=linear(),
        act=nn.Softplus,
        fc2=linear(),
        **stubs,
    )
    found = islands(inspected(islet, "eager-static"))
    assert [(each.code, each.level) for each in found] == [("float_island.between_stubs", Level.INFO)]


def test_a_method_that_keeps_no_scale_names_the_function_that_does():
    def flattened(flat: Between) -> Snapshot:
        pooled = made(
            lambda m, x: m.fc(flat(F.adaptive_avg_pool2d(m.conv(x), 1))), conv=conv(), fc=lambda: nn.Linear(4, 4)
        )
        return inspected(pooled, "fx-static", IMAGE)

    (differs,) = [each for each in flattened(lambda x: x.flatten(1)).findings if each.rule == "scales_differ"]
    assert differs.hint == "Use torch.flatten in place of flatten in forward(): its pattern keeps one scale."
    assert "scales_differ" not in {each.rule for each in flattened(lambda x: torch.flatten(x, 1)).findings}


@pytest.mark.parametrize(("join", "code"), [(torch.stack, "float_island.not_annotated"), (torch.cat, None)])
def test_a_stack_computes_in_float_where_no_quantizer_of_torch_annotates_it(join: Any, code: str | None):
    def joined(m: Any, x: torch.Tensor) -> torch.Tensor:
        return m.fc3(join([m.fc(x), m.fc2(5 * x)]))

    model = made(joined, fc=linear(), fc2=linear(), fc3=linear())
    snapshot = inspected(model, "pt2e-static", ROW)
    assert "scales_differ" not in {each.rule for each in snapshot.findings}
    assert [(each.code, each.level) for each in islands(snapshot)] == [(code, Level.INFO)] * (code is not None)


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static", "pt2e-qat"])
def test_no_total_says_that_an_island_runs_in_low_precision(flow: str):
    made_twice = made(lambda m, x: m.fc3(F.silu(m.fc2(F.silu(m.fc(x))))), fc=linear(), fc2=linear(), fc3=linear())
    snapshot = inspected(made_twice, flow)
    (island,) = islands(snapshot)
    run = InspectedRun(
        RunParts(snapshot.stages, LinkIndex(snapshot.links), snapshot.facts, snapshot.findings, snapshot.summary)
    )
    assert {*island.nodes} == {*run.floats}
    assert [node for each in float_islands(run) for node in each] == [*island.nodes]
    found = coverage(snapshot.stages, snapshot.links, snapshot.facts)
    assert found is not None
    assert (found.low, found.total) == (3, 5)
