"""Size, error and time of small models, against what torch itself says."""

from __future__ import annotations

import io
import math

import pytest
import torch
from torch import nn

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.running.outputs import Outputs, outputs_of, run, samples_in, together
from qviz.engine.measure.running.size import size_of
from qviz.engine.measure.running.time import median_ms
from tests.engine.small_models import NET_INPUTS, Net, exported, fx_prepared, pt2e_prepared

LINEAR = (torch.randn(2, 64),)


def saved(module: nn.Module) -> int:
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    return buffer.tell()


def test_the_size_is_that_of_the_file_that_torch_writes():
    assert size_of(Net()) == saved(Net())


def test_a_converted_fx_model_is_as_large_as_its_file():
    from torch.ao.quantization.quantize_fx import convert_fx

    converted = convert_fx(fx_prepared(nn.Sequential(nn.Linear(64, 256)), LINEAR))
    assert size_of(converted) == pytest.approx(saved(converted), rel=0.02)
    assert size_of(converted) < saved(nn.Linear(64, 256)) / 2.5


def test_the_float_weights_that_an_exported_model_no_longer_reads_do_not_count():
    from torch.ao.quantization.quantize_pt2e import convert_pt2e

    model = nn.Sequential(nn.Linear(64, 256)).eval()
    converted = convert_pt2e(pt2e_prepared(exported(model, LINEAR), LINEAR))
    assert saved(converted) > saved(model)
    assert size_of(converted) < saved(model) / 3


def test_packed_weights_that_torch_does_not_save_count_as_their_numbers():
    weight = torch.randn(256, 256).to_mkldnn()

    class HeldWeight(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("weight", weight)

    assert size_of(HeldWeight()) == pytest.approx(256 * 256 * 4, rel=0.02)


def of_one(*batches: torch.Tensor) -> list[Outputs]:
    return [{"output": each} for each in batches]


def test_sqnr_is_ten_for_a_tenth_of_the_power():
    signal = torch.tensor([3.0, 4.0])
    assert together(of_one(signal), of_one(signal + torch.tensor([math.sqrt(2.5), 0.0]))) == pytest.approx(10.0)
    two = of_one(signal, signal + torch.tensor([math.sqrt(5), 0.0]))
    assert together(of_one(signal, signal), two) == pytest.approx(10.0)


def test_a_small_output_counts_as_much_as_a_large_one():
    large, small = torch.tensor([1e6, 0.0]), torch.tensor([3.0, 4.0])
    wanted, have = [{"0": large, "1": small}], [{"0": large, "1": small + torch.tensor([math.sqrt(2.5), 0.0])}]
    assert together(wanted, have) == pytest.approx(10 + 10 * math.log10(2), abs=1e-3)


@pytest.mark.parametrize(
    ("expected", "got", "db"),
    [
        ([torch.ones(2)], [torch.ones(2)], "inf"),
        ([torch.zeros(2)], [torch.ones(2)], None),
        ([torch.ones(2)], [torch.ones(3)], None),
        ([torch.ones(2)], [torch.tensor([1.0, float("nan")])], None),
        ([], [], None),
    ],
)
def test_sqnr_at_its_ends(expected, got, db):
    assert together(of_one(*expected), of_one(*got)) == db


def test_quantized_outputs_are_compared_by_what_they_stand_for():
    x = torch.tensor([0.5, 1.0])
    assert together([outputs_of(x)], [outputs_of(torch.quantize_per_tensor(x, 0.5, 0, torch.quint8))]) == "inf"


def test_outputs_are_taken_by_name_and_the_inputs_stay_as_they_are():
    class InPlace(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, object]:
            return {"a": x.add_(1), "n": torch.tensor([1]), "b": (x * 2,)}

    x = torch.zeros(2)
    found = run(InPlace(), [Arguments((x,))])
    assert [{name: each.tolist() for name, each in batch.items()} for batch in found] == [
        {"a": [1.0, 1.0], "b.0": [2.0, 2.0]}
    ]
    assert x.tolist() == [0.0, 0.0]


def test_samples_are_the_rows_of_the_outputs_where_an_input_has_as_many():
    bag = Arguments((torch.arange(12), torch.tensor([0, 3, 6, 9])))
    assert samples_in([bag, bag]) == 24
    assert samples_in([bag, bag], of_one(torch.randn(4, 3), torch.randn(4, 3))) == 8
    graph = Arguments((torch.randn(7, 5), torch.zeros(2, 9)))
    assert samples_in([graph], of_one(torch.randn(1, 3))) == 7
    assert samples_in([graph], of_one(torch.tensor(1.0))) == 7


def test_more_work_takes_longer_and_threads_come_back():
    threads = torch.get_num_threads()
    small, large = nn.Linear(64, 64), nn.Sequential(*(nn.Linear(64, 64) for _ in range(50)))
    assert 0 < median_ms(small, Arguments(LINEAR)) < median_ms(large, Arguments(LINEAR))
    assert torch.get_num_threads() == threads
    assert median_ms(Net().eval(), Arguments(NET_INPUTS)) > 0
