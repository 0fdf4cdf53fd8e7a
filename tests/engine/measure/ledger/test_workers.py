"""Exact measurement shared among processes: equal to that of one, whatever becomes of the workers."""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import subprocess
import sys
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from qviz.document.measurements import Ledger
from qviz.document.plan import Plan
from qviz.document.said import Said
from qviz.engine.loading.fingerprint import fingerprint
from qviz.engine.loading.source import load
from qviz.engine.measure.ledger import workers
from qviz.engine.measure.ledger.exact import powers
from qviz.engine.measure.ledger.exact_job import ExactAnswer, ExactJob, hash_of
from qviz.engine.measure.ledger.workers import measure_exactly, one_thread
from qviz.engine.measure.models.measured import Measured
from qviz.engine.serving import jobs, torch_state
from qviz.engine.serving.jobs import measure_job
from qviz.engine.serving.run import run_loaded
from qviz.wire.interpreter import with_qviz

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(3)))

    def forward(self, x):
        return {"last": self.layers(x), "sum": x.sum(1)}

example_inputs = (torch.linspace(-1, 1, 32).reshape(4, 8),)
"""
EXECUTOR = """
import sys
from concurrent.futures import ThreadPoolExecutor

def make():
    return ThreadPoolExecutor(2)

def broken():
    return "no executor"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("source")
    (folder / "net.py").write_text(MODEL)
    (folder / "executors.py").write_text(EXECUTOR)
    return folder


@pytest.fixture(scope="module")
def kept(place) -> Measured:
    plan = Plan(f"{place / 'net.py'}:Net", flow="fx-static")
    taken: list[Measured] = []

    def keep(measured: Measured, ledger: Ledger | None) -> None:
        taken.append(measured)

    with torch_state.kept(plan.seed):
        snapshot = run_loaded(load(plan), plan, lambda report: None, measured=keep)
    assert snapshot.run.error is None
    return taken[0]


@pytest.fixture
def notes() -> list[Said]:
    return []


@pytest.fixture
def measured(kept, notes) -> Measured:
    return replace(kept, note=notes.append)


@pytest.fixture
def expected(kept) -> dict[int, dict[str, float]]:
    with one_thread():
        return dict(powers(kept, everything(kept)))


def everything(measured: Measured) -> list[int]:
    return sorted(measured.simulation.everything)


def planned(measured: Measured, **fields: Any) -> Measured:
    return replace(measured, plan=msgspec.structs.replace(measured.plan, **fields))


def job(measured: Measured, **fields: Any) -> str:
    whole = ExactJob(measured.plan, fingerprint(measured.plan), hash_of(measured.outputs.floating), 1, 1 << 20, (0, 2))
    whole = msgspec.structs.replace(whole, is_own=True)
    return msgspec.json.encode(msgspec.structs.replace(whole, **fields)).decode()


def answer(text: str) -> ExactAnswer:
    return msgspec.json.decode(measure_job(text), type=ExactAnswer)


def test_a_job_gives_what_the_process_itself_measures(measured, expected):
    assert answer(job(measured)) == ExactAnswer({0: expected[0], 2: expected[2]})


def test_the_next_job_of_a_run_makes_no_other_run(measured, expected, monkeypatch):
    first = answer(job(measured))
    monkeypatch.setattr(jobs, "run_plan", None)
    assert answer(job(measured, quantizers=(1,))).powers == {1: expected[1]}
    assert first.powers


@given(st.lists(st.integers(), unique=True, max_size=300), st.integers(1, 9))
def test_jobs_hold_each_quantizer_once_in_order_and_get_smaller(wanted, count):
    parts = [*workers._parts(wanted, count)]
    assert [each for part in parts for each in part] == wanted
    sizes = [len(part) for part in parts]
    assert sizes == sorted(sizes, reverse=True)
    assert len(parts) >= min(len(wanted) // workers._SMALLEST_JOB, count)


def test_a_job_of_other_files_runs_nothing(measured, monkeypatch):
    monkeypatch.setattr(jobs, "_held", [])
    monkeypatch.setattr(jobs, "run_plan", None)
    assert answer(job(measured, source="another")) == ExactAnswer(refused="source")


def test_a_job_of_another_float_model_is_refused(measured):
    assert answer(job(measured, floating="another")) == ExactAnswer(refused="floating")


def test_a_job_whose_run_fails_says_why(measured, place):
    plan = msgspec.structs.replace(measured.plan, source=f"{place / 'net.py'}:Nothing")
    found = answer(job(measured, plan=plan, source=fingerprint(plan)))
    assert (found.refused, found.powers) == ("failed", {})
    assert "Nothing" in found.text


def test_a_job_leaves_idle_places_off(measured, expected):
    first = next(each for each in measured.simulation.quantizers if each.kind == "activation")
    assert expected[first.index]["last"] > 0
    found = answer(job(measured, quantizers=(first.index,), idle=((first.paths[0], 0),)))
    assert found.powers == {first.index: dict.fromkeys(("last", "sum"), 0.0)}


def test_the_fingerprint_is_of_the_files_that_the_plan_names(place):
    def of(**fields: Any) -> str:
        return fingerprint(Plan(f"{place / 'net.py'}:Net", **fields))

    before = of()
    assert before == of()
    assert before != of(calibrate=f"{place / 'executors.py'}:make")
    (place / "other.py").write_text("x = 1")
    with_file = of(calibrate=f"{place / 'other.py'}:x")
    (place / "other.py").write_text("x = 2")
    assert with_file != of(calibrate=f"{place / 'other.py'}:x")


def test_a_module_is_found_without_importing_its_packages():
    sys.modules.pop("xml.dom.minidom", None)
    sys.modules.pop("xml.dom", None)
    found = workers_file("xml.dom.minidom")
    assert found is not None
    assert found.name == "minidom.py"
    assert "xml.dom" not in sys.modules
    assert workers_file("no.such") is None
    assert workers_file("json.decoder.JSONDecoder") is None


def workers_file(dotted: str) -> Path | None:
    from qviz.engine.loading.fingerprint import _module_file

    return _module_file(dotted)


def test_without_workers_it_is_measured_here(measured, notes):
    found = measure_exactly(measured, [2, 0, 2])
    assert list(found.powers) == [2, 0]
    assert found.is_complete
    assert notes == []


def test_the_time_limit_keeps_what_was_measured(measured):
    found = measure_exactly(planned(measured, at_most=1e-9), everything(measured))
    assert not found.is_complete
    assert len(found.powers) == 1


def test_progress_counts_quantizers(measured):
    told: list[tuple[str, int, int]] = []
    measure_exactly(replace(measured, started=lambda *step: told.append(step)), [0, 1])
    assert told == [("measuring_quantizers", done, 2) for done in range(3)]


def test_the_users_executor_takes_the_jobs(measured, expected, notes, place):
    asked = planned(measured, executor=f"{place / 'executors.py'}:make")
    found = measure_exactly(asked, everything(measured))
    assert found == (expected, True)
    assert notes == []


def test_what_gives_no_executor_is_told(measured, expected, notes, place):
    found = measure_exactly(planned(measured, executor=f"{place / 'executors.py'}:broken"), everything(measured))
    assert found == (expected, True)
    assert [each.code for each in notes] == ["not_measured.in_workers"]
    assert "returns a str, not an executor" in notes[0].text


def test_what_workers_refuse_is_measured_here_and_told(measured, expected, notes, place, monkeypatch):
    monkeypatch.setattr(workers, "hash_of", lambda found: "another")
    found = measure_exactly(planned(measured, executor=f"{place / 'executors.py'}:make"), everything(measured))
    assert found == (expected, True)
    count = len(everything(measured))
    assert notes == [
        Said(
            "not_measured.in_workers",
            {},
            {"text": "the float model's outputs differ there", "quantizers": count},
        )
    ]


def test_a_model_in_hand_is_measured_here_and_told(measured, notes):
    found = measure_exactly(replace(planned(measured, workers=2), can_reload=False), [0])
    assert found.is_complete
    assert [each.code for each in notes] == ["not_measured.in_workers.in_hand"]
    assert "only in this process" in notes[0].text


class Flaky(ThreadPoolExecutor):
    """Loses its first job, as an executor whose process was killed."""

    lost = 0

    def submit(self, *given: Any, **named: Any) -> Any:
        if not Flaky.lost:
            Flaky.lost += 1
            return super().submit(self._lose)
        return super().submit(*given, **named)

    def _lose(self) -> str:
        raise RuntimeError("gone")


def test_a_lost_job_is_done_again(measured, expected, notes, monkeypatch):
    made: list[Executor] = []

    def make(named: str | None, count: int) -> tuple[Executor, int]:
        made.append(Flaky(1))
        return made[-1], 2

    monkeypatch.setattr(workers, "_executor", make)
    found = measure_exactly(planned(measured, workers=2), everything(measured))
    assert found == (expected, True)
    assert notes == []
    assert len(made) == 2


def test_a_killed_process_is_replaced(measured, expected, notes):
    kills: list[int] = []
    others = set(multiprocessing.active_children())  # another test's may still be on their way out

    def mine() -> list[multiprocessing.process.BaseProcess]:
        return [each for each in multiprocessing.active_children() if each not in others]

    def started(step: str, done: int, total: int) -> None:
        if done and not kills:
            victim = mine()[0]
            kills.append(victim.pid or 0)
            victim.kill()

    asked = replace(planned(measured, workers=1), started=started)
    found = measure_exactly(asked, everything(measured))
    assert kills
    assert found == (expected, True)
    assert notes == []
    assert not any(exists(each) for each in mine())


def exists(process: multiprocessing.process.BaseProcess) -> bool:
    """Ask the system: where the pool's own thread collects a process, `is_alive` is true for a moment after its end."""
    try:
        os.kill(process.pid or 0, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="processes are looked at by Linux's files")
def test_a_process_ends_with_the_one_that_wants_its_work():
    script = """
import os
sys.path[:] = [each for each in sys.path if not os.path.isdir(os.path.join(each, "qviz"))]
from qviz.engine.measure.ledger.workers import _executor
from qviz.engine.serving.jobs import measure_job
pool, _ = _executor(None, 1)
print(pool.submit(os.getpid).result(), type(pool.submit(measure_job, "{}").exception()).__name__, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", with_qviz(script)]  # as in the user's interpreter, which knows no qviz
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout is not None
        process, error = parent.stdout.readline().split()
        child = int(process)
        assert error == b"ValidationError"
        assert state_of(child) is not None
        parent.kill()
    for _ in range(500):
        if state_of(child) in (None, "Z"):
            return
        select.select([], [], [], 0.02)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the child outlived its parent")


def state_of(process: int) -> str | None:
    """Return the letter of a process's state; None where there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


def test_threads_are_as_before(measured):
    before = torch.get_num_threads()
    answer(job(measured))
    assert torch.get_num_threads() == before
