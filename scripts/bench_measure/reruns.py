"""What exact measurements cost beside whole runs, and what the lengths of the suffixes would allow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.fx import GraphModule, Node

from bench_measure.cost import quantized
from bench_measure.result import Result
from bench_measure.subject import Subject
from qviz.engine.measure.ledger import exact
from qviz.engine.measure.running import outputs
from qviz.engine.measure.simulated.wiring import Wiring

FASTER, OF_ALLOWED = 1.4, 0.8
NETWORKS = ("resnet18", "mobilenet_v2", "googlenet")


def measure(names: Iterable[str] = NETWORKS, pixels: int = 128, samples: int = 4, repeats: int = 3) -> Result:
    """Measure every quantizer alone, by suffixes and by whole runs, in turns."""
    columns = ("network", "quantizers", "bit-equal", "whole, CPU s", "suffixes, CPU s", "faster", "allowed")
    result = Result(f"Exact at {pixels} px, {samples} samples", columns)
    for name in names:
        found = quantized(name, pixels, samples)
        times: tuple[list[float], list[float]] = [], []
        ways: tuple[Callable[[Subject], object], ...] = (_wholly, _by_suffixes)
        equal = True
        for _ in range(repeats):
            noises = []
            for way, kept in zip(ways, times, strict=True):
                started = time.process_time()
                noises.append(way(found))
                kept.append(time.process_time() - started)
            equal &= noises[0] == noises[1]
        whole, part = (statistics.median(each) for each in times)
        faster, allowed = whole / part, _allowed(found)
        result.row(name, len(found.measured.simulation.quantizers), equal, whole, part, faster, allowed)
        result.figure(f"Exact equals whole runs bit by bit, {name}", "yes" if equal else "no", "yes", equal)
        if name == "resnet18":
            result.figure("Exact faster than whole runs, resnet18", f"{faster:.2f}", ">= 1.4", faster >= FASTER)
        share = faster / allowed
        told = f"{share:.2f} of {allowed:.2f}"
        result.figure(f"Exact, of what suffixes allow, {name}", told, ">= 0.8", share >= OF_ALLOWED)
    return result


def _by_suffixes(found: Subject) -> list[dict[str, float]]:
    quantizers = [each.index for each in found.measured.simulation.quantizers]
    return [noises for _, noises in exact.powers(found.measured, quantizers)]


def _wholly(found: Subject) -> list[dict[str, float]]:
    simulation = found.measured.simulation
    base, noises = found.measured.outputs.floating, []
    for each in simulation.quantizers:
        with simulation.board.set_to({each.index}):
            noises.append(exact.noise(base, outputs.run(simulation.module, found.batches)))
    return noises


def _allowed(found: Subject, repeats: int = 15) -> float:
    """Return the time of all nodes for every quantizer, by the time of the nodes that it reaches.

    A node's time is the median by the clock on the wall. The processor's own tells the time of other threads in ticks
    of 4 ms, longer than most nodes: its minimum leaves out what runs in threads (2.9 to 3.2 for googlenet, where its
    mean and the wall's median agree on 2.7).
    """
    simulation = found.measured.simulation
    assert isinstance(simulation.module, GraphModule)
    wiring = Wiring(simulation.module)
    runs = [_Timed(simulation.module) for _ in range(repeats)]
    with torch.no_grad():
        for each in runs:
            each.run(*(value.clone() for value in found.batches[0].args))
    seconds = {node: statistics.median(each.seconds.get(node, 0.0) for each in runs) for node in wiring.nodes}
    reached = 0.0
    for places in wiring.places.values():
        known: set[Node] = {wiring.nodes[place] for place in places}
        for node in wiring.nodes:
            if any(given in known for given in node.all_input_nodes):
                known.add(node)
        reached += sum(seconds[node] for node in known)
    return sum(seconds.values()) * len(wiring.places) / reached


class _Timed(torch.fx.Interpreter):
    def __init__(self, module: GraphModule) -> None:
        super().__init__(module)
        self.seconds: dict[Node, float] = {}

    def run_node(self, n: Node) -> Any:
        started = time.perf_counter()
        result = super().run_node(n)
        self.seconds[n] = time.perf_counter() - started
        return result
