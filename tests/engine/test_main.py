"""The engine as a process of its own: its standard streams belong to the wire."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from qviz.document.plan import Plan
from qviz.trust.grants import all_typed as typed
from qviz.wire.client import EngineClient, engine_command, engine_environment
from qviz.wire.framing import pack, report_reader
from qviz.wire.messages import EngineReady, RunFinished, RunFlow, StageReached, StepStarted

GREEDY = """
import os, sys
import torch

class Greedy(torch.nn.Module):
    def forward(self, x):
        assert sys.stdin.read() == "" and os.read(0, 100) == b""
        print("printed")
        os.write(1, b"written")
        return x + 1

def busy():
    while True:
        pass

example_inputs = torch.ones(1)
"""


def test_requests_in_a_pipe_are_answered_to_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "greedy.py").write_text(GREEDY)
    monkeypatch.chdir(tmp_path)
    plans = (Plan(source="greedy.py:Greedy"), Plan(source="greedy:Greedy"))
    requests = b"".join(pack(RunFlow(number, plan, typed(plan))) for number, plan in enumerate(plans, 1))
    done = subprocess.run(
        engine_command(), input=requests, capture_output=True, env=engine_environment(), cwd=tmp_path, check=True
    )
    reports = list(report_reader().feed(done.stdout))
    assert isinstance(reports[0], EngineReady)
    ends = [(each.run_id, each.run.status) for each in reports if isinstance(each, RunFinished)]
    assert ends == [(1, "done"), (2, "done")]
    assert [each.run_id for each in reports if isinstance(each, StageReached)] == [1, 2]
    assert done.stderr.count(b"printed") == done.stderr.count(b"written") > 0


def test_an_engine_to_which_nobody_listens_ends(tmp_path: Path):
    (tmp_path / "greedy.py").write_text(GREEDY)
    with EngineClient() as engine:
        plan = Plan(source=f"{tmp_path / 'greedy.py'}:busy")
        engine.send(RunFlow(1, plan, typed(plan)))
        assert any(isinstance(report, StepStarted) for report in engine.reports())
        assert engine.process.stdout is not None
        os.close(os.dup(engine.process.stdout.fileno()))
        engine.process.stdout.close()
        assert engine.process.wait(timeout=30) == 0
