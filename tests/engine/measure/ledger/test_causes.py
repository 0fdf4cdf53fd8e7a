"""The ledger tells why a quantizer is noisy, from the tensors that it rounds."""

from __future__ import annotations

import pytest
import torch

from qviz.document.measurements import QuantizerKind
from qviz.engine.measure.ledger.causes import cause_of
from qviz.engine.measure.ledger.tensors import TensorNoise
from qviz.engine.measure.simulated.rounding import Affine
from qviz.engine.measure.simulated.simulation import MeasuredQuantizer

DTYPE_MAX = torch.finfo(torch.float32).max


def affine(low: float, high: float, levels: int = 255, axis: int | None = None) -> Affine:
    scale = (high - low) / levels
    return Affine(torch.quint8, torch.tensor(scale), torch.tensor(round(-low / scale)), 0, 255, axis)


def cause(values: torch.Tensor, rounding: Affine, kind: QuantizerKind = "activation", axis: int | None = 1):
    noise = TensorNoise()
    noise.add(values, rounding, axis)
    return cause_of(MeasuredQuantizer(0, kind, ("fc",), rounding), noise)


@pytest.fixture
def values() -> torch.Tensor:
    return torch.randn(100, 8, generator=torch.Generator().manual_seed(0))


def test_a_range_that_fits_has_no_cause(values):
    assert cause(values, affine(float(values.min()), float(values.max()))) is None


def test_values_outside_the_range_are_clipped(values):
    found = cause(values, affine(-0.5, 0.5))
    assert found.code == "cause.clipped"
    assert found.args["clipped"] == pytest.approx(float((values.abs() > 0.502).double().mean()), abs=0.01)
    assert "the range −0.5" in found.text


def test_four_bits_are_few_levels(values):
    found = cause(values, affine(float(values.min()), float(values.max()), levels=15))
    assert (found.code, found.args) == ("cause.few_levels.used", {"levels": 16, "there": 256})


def test_a_wide_channel_is_named(values):
    values[:, 3] *= 40
    found = cause(values, affine(float(values.min()), float(values.max())))
    assert (found.code, found.args["channel"]) == ("cause.uneven_channels", 3)
    assert 30 < found.args["ratio"] < 50


def test_a_few_outliers_stretch_the_range(values):
    wide = torch.cat([values.repeat(12, 1), values.new_full((1, 8), 100.0)])
    found = cause(wide, affine(float(wide.min()), 100.0))
    assert (found.code, found.args["high"]) == ("cause.stretched.few_levels", 100.0)


def test_a_mask_of_the_smallest_float_stretches_the_range(values):
    masked = torch.where(torch.ones(100, 8).tril().bool(), values, -DTYPE_MAX)
    rounding = Affine(torch.int8, torch.tensor(DTYPE_MAX / 255), torch.tensor(127), -128, 127, None, by_kernel=False)
    assert cause(masked, rounding).code == "cause.stretched.within_a_step"


def test_zeros_and_ones_are_held_by_any_scale():
    assert cause(torch.eye(50), affine(0, 1)) is None


def test_an_eps_below_half_a_step_is_lost():
    found = cause(torch.full((1,), 1e-5), affine(0, 1), axis=None)
    assert (found.code, found.args["step"]) == ("cause.constant_lost", pytest.approx(1 / 255))


def test_scales_along_the_inputs_of_a_weight_are_on_the_wrong_axis(values):
    rounding = Affine(torch.qint8, torch.full((8,), 0.02), torch.zeros(8, dtype=torch.int64), -128, 127, 1)
    found = cause(values, rounding, "weight", axis=0)
    assert (found.code, found.args) == ("cause.wrong_axis", {"axis": 1, "expected": 0})


def test_what_is_not_finite_is_said_before_all_else(values):
    values[0, 0] = torch.nan
    assert cause(values, affine(-0.5, 0.5)).args["count"] == 1
