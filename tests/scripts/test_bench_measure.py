"""What the bench of measuring builds on: ranks, chains, planted faults."""

from __future__ import annotations

import math

import pytest
import torch
from bench_measure import networks, plants
from bench_measure.ranks import place_of, ranks, spearman
from bench_measure.subject import estimated, exactly, subject

from qviz.document.plan import Plan
from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.ledger import tensors
from qviz.engine.measure.running import outputs


def test_equal_values_share_their_rank():
    assert ranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]


def test_spearmans_correlation_is_that_of_the_textbook():
    assert spearman([1, 2, 3, 4], [10, 20, 30, 40]) == 1
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == -1
    assert spearman([106, 86, 100, 101, 99, 103, 97, 113, 112, 110], [7, 0, 27, 50, 28, 29, 20, 12, 6, 17]) == (
        pytest.approx(-29 / 165)
    )
    assert math.isnan(spearman([1, 1, 1], [1, 2, 3]))


def test_a_place_counts_those_that_are_larger():
    assert place_of(2, {1: 3.0, 2: 1.0, 3: 0.5}) == 2
    assert place_of(2, {1: 1.0, 2: 1.0}) == 1
    assert place_of(4, {1: 3.0}) == 0


@pytest.mark.filterwarnings("ignore")
def test_a_planted_fault_keeps_the_float_function_and_owns_the_noise():
    network = networks.chain(4, 7, width=16, pixels=12, norms=True)
    (plant,) = plants.planted(network, 1)
    assert plant.growth >= plants.LEAST_GROWTH
    given = [Arguments(network.evaluate)]
    before, after = (outputs.run(each, given)[0]["output"] for each in (network.model, plant.network.model))
    assert torch.equal(before, after)
    tested = subject(plant.network.model, [network.evaluate], network.calibrate, Plan(flow="fx-static"))
    wanted = plants.quantizer_of(tested.measured.simulation, plant.pair)
    seen = tensors.look(tested.measured)
    for shares in (exactly(tested, seen), estimated(tested, seen)):
        assert place_of(wanted, shares) == 1
    sound = subject(network.model, [network.evaluate], network.calibrate, Plan(flow="fx-static"))
    assert tested.sqnr_db < sound.sqnr_db - 3


def test_faults_are_planted_where_a_relu_has_one_reader_alone():
    class Skips(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two, self.three = (torch.nn.Conv2d(3, 3, 1) for _ in range(3))
            self.six = torch.nn.ReLU6()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = torch.relu(self.one(x))
            return self.three(self.six(self.two(y))) + y

    assert plants.pairs(Skips()) == []
    assert [each.down for each in plants.pairs(networks.chain(3, 0).model)] == ["2", "4"]
