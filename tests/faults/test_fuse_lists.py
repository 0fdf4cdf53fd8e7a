"""Lists to fuse, and modules that stand in a model more than once."""

from __future__ import annotations

import torch
from torch import nn
from torch.ao.quantization import DeQuantStub, QuantStub

from qviz.document.causes import by_cause
from qviz.document.snapshot import Level, Snapshot
from tests.faults.cases import STUBS, ran
from tests.faults.models import conv, linear, made, norm

ROWS = (32, 8)
BLOCK = {"conv": conv(), "bn": norm, "relu": nn.ReLU}
BLOCKS = {**STUBS, **BLOCK, "conv2": conv(), "bn2": norm, "relu2": nn.ReLU}
WHOLE = (("conv", "bn", "relu"), ("conv2", "bn2", "relu2"))
TWO_BLOCKS = made(
    lambda m, x: m.dequant(m.relu2(m.bn2(m.conv2(m.relu(m.bn(m.conv(m.quant(x)))))))),
    **BLOCKS,
)


class Twice(nn.Module):
    """Returns the values between two modules, too."""

    def __init__(self, both: bool) -> None:
        super().__init__()
        self.both, self.quant, self.dequant, self.dequant2 = both, QuantStub(), DeQuantStub(), DeQuantStub()
        self.conv, self.bn, self.relu = conv()(), norm(), nn.ReLU()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        between = self.conv(self.quant(x))
        last = self.relu(self.bn(between))
        return self.dequant(last), self.dequant2(between if self.both else last)


def loud(snapshot: Snapshot) -> list[str]:
    return [each.code for each in snapshot.findings if each.level is not Level.INFO]


def fused(*entries: tuple[str, ...], make=TWO_BLOCKS) -> Snapshot:
    return ran(make, "eager-static", fuse_list=entries)()


def test_a_list_that_fits_is_silent():
    assert loud(fused(*WHOLE)) == []


def test_what_the_list_leaves_out_is_named_as_that():
    (finding,) = [each for each in fused(WHOLE[0]).findings if each.rule == "batch_norm_left"]
    assert (finding.code, finding.nodes) == ("batch_norm_left.not_listed", ("bn2",))
    (finding,) = [each for each in fused(("conv", "bn"), WHOLE[1]).findings if each.level is not Level.INFO]
    assert (finding.rule, finding.nodes) == ("fusible_but_unfused", ("relu", "conv"))


def test_a_batch_norm_that_the_list_fuses_with_its_relu_alone_has_a_pattern_with_its_convolution():
    (finding,) = [each for each in fused(("bn", "relu"), WHOLE[1]).findings if each.rule == "batch_norm_left"]
    assert (finding.code, finding.level) == ("batch_norm_left.not_listed", Level.WARNING)


def test_a_module_in_two_entries_is_the_cause_of_the_stop():
    snapshot = fused(("conv", "bn"), ("bn", "relu"), WHOLE[1])
    first = by_cause(snapshot.findings)[0]
    assert first.cause.code == "fuse_list_out_of_order.listed_twice"
    assert [each.rule for each in first.consequences] == ["stopped"]


def test_values_between_that_something_else_reads():
    entry = ("conv", "bn", "relu")
    first = by_cause(fused(entry, make=lambda: Twice(both=True)).findings)[0]
    assert (first.cause.code, first.cause.roles["readers"]) == (
        "fuse_list_out_of_order.read_elsewhere",
        ("dequant2",),
    )
    assert loud(fused(entry, make=lambda: Twice(both=False))) == []


CALLED_TWICE = made(lambda m, x: m.relu(m.bn(m.conv(m.relu(m.bn(m.conv(x)))))), **BLOCK)


def test_the_same_block_called_twice_is_folded_right():
    codes = loud(ran(CALLED_TWICE, "fx-static")())
    assert not any(each.startswith("batch_norm_folded_into_shared_convolution") for each in codes)
    once_without = made(lambda m, x: m.conv(m.relu(m.bn(m.conv(x)))), **BLOCK)
    assert any("shared_convolution" in each for each in loud(ran(once_without, "fx-static")()))


def test_a_list_may_name_what_every_call_runs_in_the_same_order():
    again = made(
        lambda m, x: m.dequant(m.relu(m.bn(m.conv(m.relu(m.bn(m.conv(m.quant(x)))))))),
        **STUBS,
        **BLOCK,
    )
    assert "fuse_list_out_of_order.instead" not in loud(fused(WHOLE[0], make=again))
    assert "fuse_list_out_of_order.nothing" not in loud(fused(WHOLE[0], make=again))


def test_no_kernel_is_blamed_for_a_layer_that_is_called_twice_in_eager_mode():
    twice = made(lambda m, x: m.dequant(m.fc(m.tanh(m.fc(m.quant(x))))), fc=linear(), tanh=nn.Tanh, **STUBS)
    snapshot = ran(twice, "eager-static", [ROWS], backend="qnnpack")()
    assert snapshot.measurements is not None
    assert snapshot.measurements.operators == ()
    assert loud(snapshot) == ["module_used_twice.observed_and_fusible"]


def test_the_scale_of_another_call_is_not_a_fault_of_the_kernel():
    twice = made(lambda m, x: m.fc(10 * m.tanh(m.fc(x))), fc=linear(), tanh=nn.Tanh)
    snapshot = ran(twice, "fx-static", [ROWS], backend="qnnpack")()
    (finding,) = [each for each in snapshot.findings if each.rule == "kernel_differs"]
    assert finding.code == "kernel_differs.scale_of_other_call"
    assert finding.because_of is not None
    assert finding.because_of.rule == "module_used_twice"
    parted = made(lambda m, x: m.out(10 * m.tanh(m.fc(x))), fc=linear(), tanh=nn.Tanh, out=linear())
    assert loud(ran(parted, "fx-static", [ROWS], backend="qnnpack")()) == []


def named_twice(separate: bool, in_one_parent: bool = True) -> nn.Module:
    layer = nn.Linear(8, 8)
    last = nn.Linear(8, 8) if separate else layer
    if in_one_parent:
        return nn.Sequential(QuantStub(), layer, nn.Tanh(), last, DeQuantStub())
    return nn.Sequential(QuantStub(), nn.Sequential(layer, nn.Tanh()), nn.Sequential(last), DeQuantStub())


def test_a_second_name_in_one_parent_keeps_the_float_layer():
    first = by_cause(ran(named_twice_once, "eager-static", [ROWS])().findings)[0]
    assert (first.cause.code, first.cause.nodes) == ("hidden_modules.second_name", ("_3",))
    assert "converted_does_not_run" in [each.rule for each in first.consequences]
    first = by_cause(ran(named_twice_once, "eager-dynamic", [ROWS])().findings)[0]
    assert (first.cause.code, first.cause.level) == ("hidden_modules.second_name", Level.WARNING)


def named_twice_once() -> nn.Module:
    return named_twice(separate=False)


def test_layers_of_their_own_and_names_in_two_parents_are_converted():
    for make in (lambda: named_twice(separate=True), lambda: named_twice(separate=False, in_one_parent=False)):
        for flow in ("eager-static", "eager-dynamic"):
            assert "hidden_modules.second_name" not in loud(ran(make, flow, [ROWS], backend="qnnpack")())
