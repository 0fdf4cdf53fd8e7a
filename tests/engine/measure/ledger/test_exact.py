"""Runs of a part of a graph against whole runs, bit by bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.ao.quantization.quantize_fx import convert_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e
from torch.fx import Graph, GraphModule, Node

from qviz.engine.loading.forward import Arguments
from qviz.engine.measure.ledger.exact import Reruns, noise, powers
from qviz.engine.measure.running import outputs
from qviz.engine.measure.simulated.board import Board, FunctionOperator, Switch
from qviz.engine.measure.simulated.in_place import is_changed_in_place, out_of_place
from qviz.engine.measure.simulated.replaced import replaced
from qviz.engine.measure.simulated.rounding import Affine, Half, Rounding
from qviz.engine.measure.simulated.simulation import Simulation, copied, simulate
from tests.engine.small_models import NET_INPUTS, Net, exported, fx_prepared, pt2e_prepared

ROWS = 3


def grid(scale: float) -> Affine:
    return Affine(torch.quint8, torch.tensor(scale), torch.tensor(128), 0, 255)


def minus(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x - y


UNARY = (torch.relu, torch.tanh, torch.neg, torch.reciprocal, "relu_", "abs", torch.relu_)
BINARY = (torch.add, torch.mul, minus, torch.maximum)


class GraphOf:
    """Makes a graph from a list of numbers: whatever they are, it is a valid one."""

    def __init__(self, choices: list[int]) -> None:
        self.graph, self.root, self.board = Graph(), nn.Module(), Board()
        self.rest, self.quantizers = list(choices), 0
        self.values: list[Node] = [self.graph.placeholder("x"), self.graph.placeholder("y")]
        while self.rest:
            self.add(self.take())
        self.graph.output(self.result())

    def take(self) -> int:
        return self.rest.pop() if self.rest else 0

    def pick(self) -> Node:
        return self.values[-1 - self.take() % min(len(self.values), 4)]

    def module(self, module: nn.Module, *args: Node) -> Node:
        name = f"m{len(self.graph.nodes)}"
        self.root.add_module(name, module)
        return self.graph.call_module(name, args)

    def switch(self, value: Node, is_shared: bool) -> Node:
        if not is_shared or not self.quantizers:
            self.quantizers += 1
        scale = (0.5, 1.0)[self.quantizers % 2]  # coarse and nested, so that some come out equal
        return self.module(Switch(self.board, self.quantizers - 1, f"m{len(self.graph.nodes)}", grid(scale)), value)

    def weighted(self, value: Node) -> Node:
        name = f"w{len(self.graph.nodes)}"
        self.root.register_parameter(name, nn.Parameter(torch.randn(4, 4)))
        weight = self.graph.get_attr(name)
        slots: dict[int, tuple[int, Rounding]] = {1: (self.quantizers, grid(0.25))}
        self.quantizers += 1
        return self.module(FunctionOperator(self.board, name, torch.nn.functional.linear, slots), value, weight)

    def add(self, choice: int) -> None:
        match choice % 8:
            case 0 | 1 | 2:
                self.values.append(self.switch(self.pick(), choice % 8 == 2))
            case 3:
                self.values.append(self.weighted(self.pick()))
            case 4:
                chosen = UNARY[self.take() % len(UNARY)]
                call = self.graph.call_method if isinstance(chosen, str) else self.graph.call_function
                self.values.append(call(chosen, (self.pick(),)))  # type: ignore[arg-type]
            case 5:
                pair = self.graph.call_function(torch.chunk, (self.pick(), 2, 1))
                halves = [self.graph.call_function(getitem, (pair, place)) for place in (1, 0)]
                self.values.append(self.graph.call_function(torch.cat, (halves, 1)))
            case _:
                self.values.append(
                    self.graph.call_function(BINARY[self.take() % len(BINARY)], (self.pick(), self.pick()))
                )

    def result(self) -> Any:
        last = self.values[-1]
        return ((last, {"early": self.values[len(self.values) // 2]}, [self.pick()]), last, 7)[self.take() % 2]

    def simulation(self) -> Simulation:
        model = GraphModule(self.root, self.graph)
        out_of_place(model)
        found = Simulation(model, self.board, reruns_part=not is_changed_in_place(model))
        found.quantizers = [None] * self.quantizers  # type: ignore[list-item] # only their number is asked
        return found


def getitem(pair: Any, place: int) -> Any:
    return pair[place]


def batches(seed: int = 0) -> list[Arguments]:
    random = torch.Generator().manual_seed(seed)
    return [
        Arguments((torch.randn(ROWS, 4, generator=random) * 3, torch.randn(ROWS, 4, generator=random).round()))
        for _ in range(2)
    ]


def whole(simulation: Simulation, given: list[Arguments], on: set[int]) -> list[outputs.Outputs]:
    with simulation.board.set_to(on):
        return outputs.run(simulation.module, given)


def is_equal(one: list[outputs.Outputs], other: list[outputs.Outputs]) -> bool:
    def bits(found: list[outputs.Outputs]) -> list[tuple[str, bytes]]:
        return [(name, each.contiguous().numpy().tobytes()) for batch in found for name, each in sorted(batch.items())]

    return bits(one) == bits(other)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 55), min_size=6, max_size=40),
    st.sampled_from([1 << 30, 100, 0]),
    st.integers(0, 2**16),
    st.booleans(),
)
def test_a_part_gives_what_the_whole_gives(choices, memory, chosen, from_all_on):
    simulation, data = GraphOf(choices).simulation(), batches()
    base = simulation.everything if from_all_on else frozenset()
    reruns = Reruns(simulation, data, base, memory=memory)
    assert reruns.runs_part == simulation.reruns_part
    assert is_equal(reruns.base, whole(simulation, data, set(base)))
    some = {each for each in simulation.everything if chosen >> each & 1}
    for on in (*({each} for each in simulation.everything), *(base - {each} for each in base), some, set()):
        assert is_equal(reruns.rerun(on), whole(simulation, data, set(on)))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 55), min_size=6, max_size=40), st.sampled_from([1 << 30, 100]))
def test_turned_on_one_after_the_other_they_give_what_the_whole_gives(choices, memory):
    simulation, data = GraphOf(choices).simulation(), batches()
    reruns = Reruns(simulation, data, memory=memory)
    on: set[int] = set()
    for each in sorted(simulation.everything, key=lambda index: index * 7 % 11):
        on.add(each)
        assert is_equal(reruns.advance(set(on)), whole(simulation, data, on))
        assert is_equal(reruns.rerun({each}), whole(simulation, data, {each}))


class Counted(nn.Module):
    """Counts how often it is called."""

    calls = 0

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return value * 1.5


def chain(*scales: float) -> tuple[Simulation, Counted]:
    board, graph, root, counted = Board(), Graph(), nn.Module(), Counted()
    value = graph.placeholder("x")
    for place, scale in enumerate(scales):
        root.add_module(f"s{place}", Switch(board, place, f"s{place}", grid(scale)))
        value = graph.call_module(f"s{place}", (graph.call_function(torch.relu, (value,)),))
    root.add_module("counted", counted)
    graph.output(graph.call_module("counted", (value,)))
    return Simulation(GraphModule(root, graph), board, [None] * len(scales), reruns_part=True), counted  # type: ignore[list-item]


def test_nothing_runs_behind_a_value_that_stays_the_same():
    simulation, counted = chain(0.5)
    reruns = Reruns(simulation, [Arguments((torch.tensor([0.5, 1.5]),)), Arguments((torch.tensor([0.5, 1.3]),))])
    counted.calls = 0
    reruns.rerun({0})
    assert counted.calls == 1  # the first batch is on the grid already


def test_a_change_that_ends_further_down_is_noticed_in_time():
    board, graph, root = Board(), Graph(), nn.Module()
    root.add_module("s", Switch(board, 0, "s", grid(0.5)))
    value = graph.call_function(torch.clamp, (graph.call_module("s", (graph.placeholder("x"),)), 9.0))
    counted = [Counted() for _ in range(40)]
    for place, each in enumerate(counted):
        root.add_module(f"c{place}", each)
        value = graph.call_module(f"c{place}", (value,))
    graph.output(value)
    simulation = Simulation(GraphModule(root, graph), board, [None], reruns_part=True)  # type: ignore[list-item]
    data = [Arguments((torch.tensor([0.3, 1.4]),))]
    reruns = Reruns(simulation, data)
    before = sum(each.calls for each in counted)
    found = reruns.rerun({0})
    ran = sum(each.calls for each in counted) - before
    assert is_equal(found, whole(simulation, data, {0}))
    assert 1 <= ran <= 8


def test_an_idle_place_stays_off_where_told_so():
    simulation, _ = chain(0.5, 0.5)
    for part in (True, False):
        simulation.reruns_part = part
        reruns = Reruns(simulation, [Arguments((torch.tensor([0.3, 1.4]),))] * 2)
        assert reruns.noise({1}) == reruns.noise({0}) != {"output": 0.0}
        assert reruns.noise({1}, {("s1", 0)}) == {"output": 0.0}
        assert reruns.noise({0, 1}, {("s1", 0)}) == reruns.noise({0})


def test_a_value_that_is_changed_after_it_was_made_lets_all_run_whole():
    class Spoils(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mul_(2)

    board, graph, root = Board(), Graph(), nn.Module()
    root.add_module("s", Switch(board, 0, "s", grid(0.5)))
    root.add_module("spoils", Spoils())
    early = graph.call_function(torch.tanh, (graph.placeholder("x"),))
    late = graph.call_module("spoils", (early,))
    graph.output((graph.call_module("s", (early,)), late))
    simulation = Simulation(GraphModule(root, graph), board, [None], reruns_part=True)  # type: ignore[list-item]
    data = [Arguments((torch.randn(3),))]
    reruns = Reruns(simulation, data)
    assert not reruns.runs_part
    assert is_equal(reruns.rerun({0}), whole(simulation, data, {0}))


def test_random_numbers_are_the_same_in_every_run():
    board, graph, root = Board(), Graph(), nn.Module()
    root.add_module("s", Switch(board, 0, "s", grid(0.5)))
    noisy = graph.call_function(torch.add, (graph.call_function(torch.rand_like, (graph.placeholder("x"),)), 1))
    graph.output(graph.call_module("s", (noisy,)))
    simulation = Simulation(GraphModule(root, graph), board, [None], reruns_part=True)  # type: ignore[list-item]
    reruns = Reruns(simulation, [Arguments((torch.zeros(50),))] * 2)
    assert not reruns.runs_part
    assert reruns.noise(set()) == {"output": 0.0}
    assert reruns.noise({0})["output"] < 100 * 0.25**2


def test_a_graph_that_gives_other_outputs_node_by_node_runs_whole():
    simulation, counted = chain(0.5)
    data = [Arguments((torch.tensor([0.3, 1.5]),))]
    true = whole(simulation, data, set())
    counted.calls = 0
    assert Reruns(simulation, data, expected=true).runs_part
    assert counted.calls == 1  # no other whole run is needed
    assert Reruns(simulation, data, expected=[{"output": torch.zeros(2)}]).runs_part  # of other threads, perhaps
    codegen_forward = type(simulation.module).forward
    type(simulation.module).forward = lambda self, x: codegen_forward(self, x) + 1
    other = Reruns(simulation, data, expected=whole(simulation, data, set()))
    assert not other.runs_part
    assert is_equal(other.base, [{"output": true[0]["output"] + 1}])


def test_noise_leaves_out_outputs_of_another_shape():
    ones, twos = {"a": torch.ones(2), "b": torch.ones(3)}, {"a": torch.ones(2) * 2, "b": torch.ones(4)}
    assert noise([ones, ones], [twos, ones]) == {"a": pytest.approx(2.0)}


@pytest.fixture(scope="module", params=["fx", "pt2e"])
def simulated(request):
    torch.manual_seed(0)
    model = Net().eval()
    if request.param == "fx":
        prepared = fx_prepared(model, NET_INPUTS)
        copy = copied(prepared)
        return simulate(copy, convert_fx(prepared), by_kernel=True)
    prepared = pt2e_prepared(exported(model, NET_INPUTS), NET_INPUTS)
    copy = copied(prepared)
    return simulate(copy, convert_pt2e(prepared), by_kernel=False)


def test_every_quantizer_of_a_flow_alone_is_what_a_whole_run_gives(simulated):
    data = [Arguments((torch.randn(2, 4, 8, 8),))]
    for memory in (1 << 30, 4000):
        reruns = Reruns(simulated, data, memory=memory)
        assert reruns.runs_part
        for quantizer in simulated.everything:
            assert is_equal(reruns.rerun({quantizer}), whole(simulated, data, {quantizer}))


def test_quantizers_are_measured_from_the_segment_whose_values_are_at_hand(simulated):
    reruns = Reruns(simulated, [Arguments((torch.randn(2, 4, 8, 8),))], memory=4000)
    given = sorted(simulated.everything)
    backward = reruns.ordered(given)
    for each in backward:
        reruns.rerun({each})
    forward = reruns.ordered(given)
    assert sorted(backward) == given
    assert forward == [*reversed(backward)] != backward


def test_other_roundings_give_what_the_whole_gives(simulated):
    data = [Arguments((torch.randn(2, 4, 8, 8),))]
    everything, differing = simulated.everything, 0
    for memory in (1 << 30, 4000):
        reruns = Reruns(simulated, data, everything, memory=memory)
        for quantizer in simulated.quantizers:
            with replaced(simulated, {quantizer.index: Half()}):
                expected = whole(simulated, data, set(everything))
                assert is_equal(reruns.rerun(everything, changed={quantizer.index}), expected)
                off = everything - {quantizer.index}
                assert is_equal(reruns.rerun(off, changed={quantizer.index}), whole(simulated, data, set(off)))
            differing += not is_equal(expected, reruns.base)
            assert is_equal(reruns.rerun(everything), reruns.base)
    assert differing > len(everything)


def test_powers_come_one_by_one(simulated):
    from types import SimpleNamespace

    data = [Arguments((torch.randn(2, 4, 8, 8),))]
    floating = whole(simulated, data, set())
    measured: Any = SimpleNamespace(
        simulation=simulated,
        evaluation=SimpleNamespace(batches=data),
        plan=SimpleNamespace(seed=0),
        outputs=SimpleNamespace(floating=floating),
    )
    found = powers(measured, [3, 1, 3])
    for expected in (3, 1):
        quantizer, power = next(found)
        assert quantizer == expected
        assert power == noise(floating, whole(simulated, data, {quantizer}))
        assert power["output"] > 0
    assert next(found, None) is None
