from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from qviz.document.model_call import texts_of
from qviz.document.plan import Plan
from qviz.engine.serving import server
from qviz.errors import ExitCode, QvizError
from qviz.trust.grants import all_typed as typed
from qviz.wire.client import EngineClient
from qviz.wire.framing import pack
from qviz.wire.messages import (
    CallGuessed,
    CallTried,
    EngineReady,
    GuessCall,
    Message,
    Report,
    RunFinished,
    RunFlow,
    RunRejected,
    StageReached,
    StepStarted,
    Stop,
    TryCall,
    WarmUp,
)
from tests.factories import small_stages

TALKATIVE = """
import os
import torch

class Talkative(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, x):
        print("|" * 100)
        return self.fc(x)

example_inputs = torch.ones(1, 4)

def deadly():
    os.kill(os.getpid(), 11)
"""


def until_the_end(engine: EngineClient) -> list[Report]:
    seen: list[Report] = []
    for report in engine.reports():
        seen.append(report)
        if isinstance(report, (RunFinished, RunRejected)):
            return seen
    raise AssertionError("no end")


def test_one_engine_runs_one_plan_after_the_other_and_is_not_disturbed_by_print(tmp_path: Path):
    file = tmp_path / "talkative.py"
    file.write_text(TALKATIVE)
    with EngineClient() as engine:
        ready = next(engine.reports())
        assert isinstance(ready, EngineReady)
        assert ready.versions["torch"].startswith("2.8.0")
        assert ready.backends
        plan = Plan(source=f"{file}:Talkative", flow="fx-static")
        engine.send(RunFlow(1, plan, typed(plan)))
        first = until_the_end(engine)
        assert [each.stage.name for each in first if isinstance(each, StageReached)][-1] == "converted"
        assert all(each.run_id == 1 for each in first if isinstance(each, StepStarted))
        assert isinstance(first[-1], RunFinished)
        assert first[-1].run.plan == plan
        nobody = Plan(source=f"{file}:Nobody", flow="fx-static")
        engine.send(RunFlow(2, nobody, typed(nobody)))
        rejected = until_the_end(engine)[-1]
        assert isinstance(rejected, RunRejected)
        assert (rejected.run_id, rejected.exit_code) == (2, ExitCode.BAD_INPUT)
        assert 'has no "Nobody"' in rejected.text
        engine.send(Stop())
        assert engine.process.wait(timeout=30) == 0
        assert "|" * 100 in engine.last_words()


@pytest.mark.logs
def test_the_death_of_an_engine_is_told(tmp_path: Path):
    file = tmp_path / "deadly_source.py"
    file.write_text(TALKATIVE)
    with EngineClient() as engine:
        plan = Plan(source=f"{file}:deadly", flow="fx-static")
        engine.send(RunFlow(1, plan, typed(plan)))
        with pytest.raises(QvizError, match=signal.Signals.SIGSEGV.name) as caught:
            until_the_end(engine)
        assert caught.value.exit_code == ExitCode.ENGINE_DIED


def test_a_request_waits_for_one_import_of_the_warm_up_at_most(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    reading, writing = os.pipe()
    imported = []

    def import_next(left: deque[str]) -> None:
        imported.append(left.popleft())
        if imported == ["a", "b"]:
            os.write(writing, pack(Stop()))

    monkeypatch.setattr(server, "steps", lambda: deque(["a", "b", "c"]))
    monkeypatch.setattr(server, "import_next", import_next)
    os.write(writing, pack(WarmUp()))
    with os.fdopen(reading, "rb") as requests, (tmp_path / "reports").open("wb") as reports:
        server.serve(requests, reports)
    os.close(writing)
    assert imported == ["a", "b"]


def test_an_engine_guesses_the_inputs_of_a_model_and_tries_the_call(tmp_path: Path):
    file = tmp_path / "bare.py"
    file.write_text(TALKATIVE.replace("example_inputs = torch.ones(1, 4)\n", ""))
    source = f"{file}:Talkative"
    with EngineClient() as engine:
        engine.send(GuessCall(1, Plan(source=source), typed(Plan(source=source))))
        guessed = next(each for each in engine.reports() if isinstance(each, (CallGuessed, RunRejected)))
        assert isinstance(guessed, CallGuessed)
        engine.send(
            TryCall(
                2,
                Plan(source=source, inputs=texts_of(guessed.call.arguments)),
                typed(Plan(source=source, inputs=texts_of(guessed.call.arguments))),
            )
        )
        tried = next(each for each in engine.reports() if isinstance(each, (CallTried, RunRejected)))
        assert isinstance(tried, CallTried)
        assert tried.tried.outputs == ("1×4 float32",)
        engine.send(TryCall(3, Plan(source=source, inputs=("1x5",)), typed(Plan(source=source, inputs=("1x5",)))))
        refused = next(each for each in engine.reports() if isinstance(each, (CallTried, RunRejected)))
        assert isinstance(refused, RunRejected)
        assert refused.option == "--input"


@pytest.mark.logs
def test_what_a_run_reached_is_not_rejected_by_a_fault_of_qviz(monkeypatch: pytest.MonkeyPatch):
    reached = StageReached(1, small_stages()[0], {}, ())

    def run(plan: Plan, send: Callable[[Message], None], run_id: int) -> None:
        send(reached)
        raise MemoryError("no room")

    sent: list[Message] = []
    monkeypatch.setattr(server, "run_plan", run)
    with pytest.raises(SystemExit, match="no room"):  # whoever asked keeps the stages of an engine that dies
        server._answer(RunFlow(1, Plan(source="sample:conv-bn-relu")), sent.append)
    assert sent == [reached]
