"""The estimate against exact powers where it is exact in expectation, and how it tells samples apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from qviz.engine.measure.ledger import estimate, exact, inner_products, tensors
from qviz.engine.measure.ledger.estimate import projections_for
from qviz.engine.measure.ledger.inner_products import InnerProducts, RoundingErrors
from qviz.engine.measure.ledger.segments import in_segments
from qviz.engine.measure.simulated.neighbors import neighbors
from tests.engine.measure.ledger.test_ledger import measured


class Straight(nn.Module):
    """Linear all the way, so that noise to first order is all there is."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 3, 3, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(self.one(x))


class PastItself(nn.Module):
    """The input and an operator's result are each read a second time, past the operator and the rounding behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.one(x)
        return self.two(y) + y + x


class SequenceFirst(nn.Module):
    """Time is the first dimension, and each step has a part in all later outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(torch.cumsum(self.one(x), 0))


class TokensFirstWithin(nn.Module):
    """Samples are first at its ends, and second where the middle is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(torch.cumsum(self.one(x.transpose(0, 1)), 0)).transpose(0, 1)


class TakesAView(nn.Module):
    """Takes a view that images in channels-last order do not have."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(2, 4, 3), nn.Linear(36, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.conv(x).view(-1, 36))


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (Straight(), (4, 2, 8, 8)),
        (TakesAView(), (4, 2, 5, 5)),
        (PastItself(), (4, 2, 8, 8)),
        (SequenceFirst(), (5, 2, 6)),
        (TokensFirstWithin(), (4, 4, 6)),
    ],
    ids=["straight", "takes a view", "past itself", "sequence first", "tokens first within"],
)
@pytest.mark.parametrize("way", ["fx", "pt2e"])
def test_a_linear_models_estimate_is_its_exact_power(way: str, model: nn.Module, shape: tuple[int, ...]):
    inputs = (torch.randn(shape, generator=torch.Generator().manual_seed(3)),)
    case = measured(way, model, inputs)
    idle = tensors.look(case).idle
    known = dict(exact.powers(case, range(len(case.simulation.quantizers)), idle))
    found = estimate.estimate(case, idle, 600)
    assert any(power["output"] for power in known.values())
    for quantizer, power in known.items():
        # at worst a standard deviation of sqrt(2 / 600), 6 %, in each
        assert found[quantizer]["output"] == pytest.approx(power["output"], rel=0.25), quantizer


def errors_of(*errors: torch.Tensor) -> RoundingErrors:
    found = RoundingErrors(errors[0], len(errors))
    for quantizer, error in enumerate(errors):
        found.add(quantizer, error, torch.zeros_like(error))
    return found


@pytest.mark.parametrize("long_row", [1, 4096], ids=["by BLAS", "one by one"])
@given(st.permutations(range(4)), st.permutations(range(4)), st.integers(0, 3))
@settings(deadline=None)
def test_products_are_the_same_in_whatever_order_of_memory(long_row: int, one: list[int], other: list[int], dim: int):
    values = (torch.arange(360.0) % 19).reshape(3, 4, 5, 6).movedim(0, dim)
    gradient, delta = (
        values.permute(way).contiguous().permute([way.index(each) for each in range(4)]) for way in (one, other)
    )
    inner = InnerProducts(3)
    inner.ray = ("output", 1)
    inner._dims["output", 1] = dim
    with mock.patch.object(inner_products, "_LONG_ROW", long_row):
        inner.add(1, errors_of(delta, -2 * delta), gradient)
    power = float(values.double().square().movedim(dim, 0).flatten(1).sum(1).square().sum())
    assert list(inner.powers()) == [(0, "output", power), (1, "output", 4 * power)]


@pytest.mark.parametrize("is_simulated", [False, True])
def test_a_batch_in_parts_gives_what_the_batch_gives(monkeypatch: pytest.MonkeyPatch, is_simulated: bool):
    case = measured("fx", Straight(), (torch.randn(9, 2, 8, 8, generator=torch.Generator().manual_seed(3)),))
    idle = tensors.look(case).idle
    whole, parts = (
        estimate.estimate(case, idle, 300, is_simulated, kept_bytes=kept) for kept in (0, estimate.MEMORY // 2)
    )
    assert parts != whole
    assert not calls_of_segments(monkeypatch, lambda: estimate.estimate(case, idle, 3, kept_bytes=estimate.MEMORY // 2))
    for quantizer, power in whole.items():
        assert parts[quantizer]["output"] == pytest.approx(power["output"], rel=0.15)


def test_weights_are_put_back_in_their_own_order_of_memory():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 1), nn.Flatten(), nn.Linear(5, 2))
    own = {name: (each.data.clone(), each.data.stride()) for name, each in model.named_parameters()}
    with estimate._weights_in_channels_last(model):
        assert next(model.parameters()).is_contiguous(memory_format=torch.channels_last)
    for name, each in model.named_parameters():
        assert torch.equal(each.data, own[name][0]), name
        assert each.data.stride() == own[name][1], name


def calls_of_segments(monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> int:
    calls: list[object] = []

    def noted(*args: Any) -> Iterator[None]:
        calls.append(args[0])
        return in_segments(*args)

    monkeypatch.setattr(estimate, "in_segments", noted)
    run()
    return len(calls)


class OfTheWholeBatch(nn.Module):
    """Nine samples, of which each depends on the mean of all."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.one(x)
        return self.two(x - x.mean(0, keepdim=True))


class KnowsItsSize(nn.Module):
    """Exported, it has nine samples written into it."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x.reshape(x.shape[0], 2, 3))


@pytest.mark.parametrize(("way", "model"), [("fx", OfTheWholeBatch()), ("pt2e", KnowsItsSize())])
def test_what_does_not_run_in_parts_goes_in_segments(monkeypatch: pytest.MonkeyPatch, way: str, model: nn.Module):
    case = measured(way, model, (torch.randn(9, 6, generator=torch.Generator().manual_seed(3)),))
    idle, kept = tensors.look(case).idle, estimate.MEMORY // 2
    assert calls_of_segments(monkeypatch, lambda: estimate.estimate(case, idle, 3, kept_bytes=kept)) == 1
    inner, whole = (estimate.estimate(case, idle, 9, kept_bytes=each) for each in (kept, 0))
    for quantizer, power in whole.items():
        assert inner[quantizer]["output"] == pytest.approx(power["output"])


def test_no_pass_goes_back_through_the_first_layer():
    case = measured("fx", Straight(), (torch.randn(4, 2, 8, 8),))
    known = neighbors(case.simulation)
    assert set(known.readers) == {"one"}
    assert known.inputs == {known.readers["one"].path}
    assert set(known.alone.values()) == {"one", "two"}
    past = neighbors(measured("fx", PastItself(), (torch.randn(4, 2, 8, 8),)).simulation)
    assert (past.inputs, past.readers) == (frozenset(), {})


def test_samples_are_found_where_they_are_not_the_first_dimension():
    inner = InnerProducts(3)
    inner.ray = ("output", 0)
    gradient = torch.ones(3, 3, 2)
    gradient[:, 1] = torch.nan
    delta = torch.arange(18.0).reshape(3, 3, 2)
    inner.add(1, errors_of(delta), gradient)
    for number in (1, 2):
        inner.ray = ("output", number)
        inner.add(1, errors_of(delta), torch.ones(3, 3, 2))
    (found,) = inner.powers()
    assert found == (0, "output", float(delta.sum((0, 2)).square().sum()))


def test_where_samples_meet_all_products_are_added_before_they_are_squared():
    inner = InnerProducts(2)
    for number, gradient in enumerate(
        (torch.full((2, 3), torch.nan), torch.full((2, 3), torch.nan), torch.ones(2, 3), -torch.ones(2, 3))
    ):
        inner.ray = ("output", number)
        inner.add(1, errors_of(torch.tensor([[1.0, 2, 3], [4, 5, 6]])), gradient)
    assert list(inner.powers()) == [(0, "output", 21.0**2)]


def test_one_mixed_place_of_a_quantizer_makes_all_of_its_places_mixed():
    inner = InnerProducts(2)
    one, other = (errors_of(each) for each in (torch.tensor([[1.0], [2.0]]), torch.tensor([3.0])))
    nan = torch.nan
    passes = [([nan, 1], nan), ([1, nan], nan), ([1, 1], 1), ([1, -1], 1)]
    for number, (first, second) in enumerate(passes):
        inner.ray = ("output", number)
        inner.add(1, one, torch.tensor(first, dtype=torch.float32).reshape(2, 1))
        inner.add(2, other, torch.tensor([second], dtype=torch.float32))
    assert list(inner.powers()) == [(0, "output", (6.0**2 + 2.0**2) / 2)]


def test_of_two_samples_both_directions_are_tried():
    """The first output depends on its own sample alone, the second one on both."""
    inner = InnerProducts(2)
    for number, signs in enumerate(torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])):
        inner.ray = ("output", number)
        first, second = inner.marked(number, signs)
        inner.add(1, errors_of(torch.tensor([1.0, 2.0])), torch.stack([first + second, second]))
    assert list(inner.powers()) == [(0, "output", 4.0)]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(2, 5), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_rows_that_do_not_meet_give_the_sum_of_their_own_squares(shape: list[int], samples: int, seed: int):
    random = torch.Generator().manual_seed(seed)
    gradients = torch.randint(-3, 4, (4, samples, *shape), generator=random).float()
    delta = torch.randint(-3, 4, (samples, *shape), generator=random).float()
    inner = InnerProducts(samples)
    products = (gradients * delta).reshape(4, samples, -1).sum(2).square()
    for number, gradient in enumerate(gradients):
        inner.ray = ("output", number)
        marks = inner.marked(number, torch.ones(samples))
        inner.add(1, errors_of(delta), gradient * marks.reshape(-1, *[1] * len(shape)))
        products[number] += marks - marks
    (found,) = inner.powers()
    assert found[2] == pytest.approx(float(products.nanmean(0).sum()))


def test_few_samples_get_more_projections():
    assert [projections_for(samples) for samples in (0, 1, 4, 8, 100)] == [16, 16, 16, 8, 8]
