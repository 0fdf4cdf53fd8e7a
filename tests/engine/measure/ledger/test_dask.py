"""Exact measurement by the executor of ``dask.distributed``, one of whose workers dies."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from qviz.document.measurements import Ledger
from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.engine.loading.source import load
from qviz.engine.measure.ledger.exact import powers
from qviz.engine.measure.ledger.workers import measure_exactly, one_thread
from qviz.engine.measure.models.measured import Measured
from qviz.engine.serving import torch_state
from qviz.engine.serving.run import run_loaded

distributed = pytest.importorskip("distributed")

MODEL = """
import torch
from torch import nn

def net():
    return nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(6)))

example_inputs = (torch.linspace(-1, 1, 32).reshape(4, 8),)
"""
EXECUTOR = """
from distributed import Client

def executor():
    return Client({address!r}, set_as_default=False).get_executor()
"""


def taken(source: str) -> Measured:
    plan, found = Plan(source, flow="fx-static"), list[Measured]()

    def keep(measured: Measured, ledger: Ledger | None) -> None:
        found.append(measured)

    with torch_state.kept(plan.seed):
        run_loaded(load(plan), plan, lambda report: None, measured=keep)
    return found[0]


@pytest.mark.logs  # the cluster tells of its loss
@pytest.mark.filterwarnings("ignore")  # of dask's own
def test_a_worker_that_dies_costs_nothing(tmp_path: Path):
    (tmp_path / "net.py").write_text(MODEL)
    measured = taken(f"{tmp_path / 'net.py'}:net")
    wanted = sorted(measured.simulation.everything)
    with one_thread():
        expected = dict(powers(measured, wanted))
    killed: list[int] = []
    notes: list[Said] = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, dashboard_address=None, local_directory=str(tmp_path)
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):

        def started(step: str, done: int, total: int) -> None:
            if done and not killed:
                killed.append(min(client.run(os.getpid).values()))
                os.kill(killed[0], signal.SIGKILL)

        (tmp_path / "cluster.py").write_text(EXECUTOR.format(address=cluster.scheduler_address))
        plan = msgspec.structs.replace(measured.plan, executor=f"{tmp_path / 'cluster.py'}:executor", workers=2)
        found = measure_exactly(replace(measured, plan=plan, started=started, note=notes.append), wanted)
        for each in list(
            distributed.Client._instances
        ):  # also that of the executor, which would look for its scheduler
            each.close()
    assert killed
    assert found.is_complete
    assert found.powers == expected
    assert notes == []
