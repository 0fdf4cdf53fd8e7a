"""What the estimate costs, beside passes of the float network in torch."""

from __future__ import annotations

import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bench_measure import networks
from bench_measure.result import Result
from bench_measure.subject import Subject, subject
from qviz.document.plan import Plan
from qviz.engine.measure.ledger import estimate, tensors

PASSES, CHEAPER, MEMORY_GB = 8.0, 10.0, 1.0
_FORWARDS = 8
"""One takes a second; so short a time says more about the moment than about the network."""
_IN_PROCESS = "import sys; from bench_measure import cost; getattr(cost, sys.argv[1])(*sys.argv[2:])"


def measure(name: str = "resnet50", pixels: int = 224, samples: int = 8, repeats: int = 5) -> Result:
    """Time, in turns, of the estimate and of torch's passes; memory in processes of their own."""
    result = Result(f"Cost, {name} at {pixels} px, {samples} samples, K = 8", ("what", "CPU seconds", "of a pass"))
    given = (name, str(pixels), str(samples))
    timed = _in_process("times", *given, str(repeats))
    times: dict[str, list[float]] = timed["times"]
    count: int = timed["quantizers"]
    passes = _ratio(times, "estimate", "float forward and backward")
    times["float forward"] = [each / _FORWARDS for each in times["float forward"]]
    cheaper = count * _ratio(times, "float forward", "estimate")
    for way, seconds in times.items():
        result.row(way, statistics.median(seconds), _ratio(times, way, "float forward and backward"))
    result.figure("Estimate, in float forward-and-backward passes", f"{passes:.1f}", "<= 8", passes <= PASSES)
    told = f"{cheaper:.1f} times"
    result.figure(f"Cheaper than a float forward for each of {count}", told, ">= 10", cheaper >= CHEAPER)
    _tell_memory(result, given)
    return result


def times(name: str, pixels: str, samples: str, repeats: str) -> None:
    """Print the CPU seconds of each way, and how many quantizers there are."""
    found = quantized(name, int(pixels), int(samples))
    looked = tensors.look(found.measured)
    ways: dict[str, Callable[[], object]] = {
        "float forward": lambda: _forward(found, _FORWARDS),
        "float forward and backward": lambda: _forward_and_backward(found),
        "estimate": lambda: estimate.estimate(found.measured, looked.idle, kept_bytes=looked.bytes),
        "tensors": lambda: tensors.look(found.measured),
    }
    seconds = in_turns(ways, int(repeats))
    print(json.dumps({"times": seconds, "quantizers": len(found.measured.simulation.quantizers)}))


def in_turns(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Return the CPU seconds of each, run one after the other so that all meet the same machine."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for repeat in range(repeats + 1):
        for way, run in ways.items():
            started = time.process_time()
            run()
            if repeat:  # the first one warms up
                times[way].append(time.process_time() - started)
    return times


def _ratio(times: dict[str, list[float]], way: str, other: str) -> float:
    return statistics.median(one / two for one, two in zip(times[way], times[other], strict=True))


def quantized(name: str, pixels: int, samples: int) -> Subject:
    """Return a network of torchvision that went through fx-static."""
    network = networks.vision(name, pixels, samples)
    return subject(network.model, [network.evaluate], network.calibrate[:1], Plan(flow="fx-static"), converts=False)


def _forward(found: Subject, times: int) -> None:
    with torch.no_grad():
        for _ in range(times):
            found.batches[0].call(found.model)


def _forward_and_backward(found: Subject) -> None:
    """Run the float network as training does: gradients of all parameters."""
    found.model.requires_grad_(True)
    found.batches[0].call(found.model).square().sum().backward()
    for each in found.model.parameters():
        each.grad = None
    found.model.requires_grad_(False)


def _tell_memory(result: Result, given: tuple[str, str, str]) -> None:
    """Tell the largest memory of each step in a process of its own, above that of the float network's process."""
    floating = _peaks("float", *given)["float"]
    for step, gigabytes in _peaks("estimate", *given).items():
        above = gigabytes - floating
        is_limited = step == "estimate"
        told, reached = ("<= 1 GB", above <= MEMORY_GB) if is_limited else ("", None)
        result.figure(f"Memory above the float process: {step}", f"{above:.2f} GB", told, reached)


def _peaks(way: str, *given: str) -> dict[str, float]:
    """Return the largest memory of each step of a process of its own, in GB."""
    found: dict[str, float] = _in_process("peak", way, *given)
    return found


def _in_process(*given: str) -> Any:
    """Return what a function of this file prints in a process whose memory is set up as the engine's is."""
    command = [sys.executable, "-c", _IN_PROCESS, *given]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_environment())
    return json.loads(done.stdout.splitlines()[-1])


def _environment() -> dict[str, str]:
    scripts = Path(__file__).resolve().parents[1]
    huge = {"THP_MEM_ALLOC_ENABLE": "1"}  # as in the engine's process
    return {**os.environ, **huge, "PYTHONPATH": os.pathsep.join((str(scripts), str(scripts.parent)))}


def peak(way: str, name: str, pixels: str, samples: str) -> None:
    """Print the largest memory of this process in GB, by step: the float network, or what the estimate takes."""
    size, peaks = (int(pixels), int(samples)), _Peaks()
    if way == "float":
        network = networks.vision(name, *size)
        model: nn.Module = network.model
        with torch.no_grad():
            model(*network.evaluate)
        peaks.end("float")
    else:
        found = quantized(name, *size)
        peaks.end("quantized")
        seen = tensors.look(found.measured)
        peaks.end("tensors")
        estimate.estimate(found.measured, seen.idle, kept_bytes=seen.bytes)
        peaks.end("estimate")
    print(json.dumps(peaks.found))


class _Peaks:
    """The largest memory of each step, where the system tells it (Linux); elsewhere that so far."""

    def __init__(self) -> None:
        self.found: dict[str, float] = {}

    def end(self, step: str) -> None:
        """Note the step's largest memory, and begin the next one."""
        self.found[step] = _most_memory() / (1 << 20)
        gc.collect()
        if _RESET.exists():
            _RESET.write_text("5")


_RESET = Path("/proc/self/clear_refs")


def _most_memory() -> int:
    """Return the largest memory that this process had, in KiB."""
    status = Path("/proc/self/status")
    if status.exists():  # what `getrusage` says begins with the size of the process that started this one
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
