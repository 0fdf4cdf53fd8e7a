"""A forked engine is as new as one that was started, and gives the same bytes."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import msgspec
import pytest

from qviz.document import plan_file
from qviz.document.plan import Plan
from qviz.engine import template as forker
from qviz.engine.template import EngineForker, code_of
from qviz.trust.grants import Grant, all_typed
from qviz.trust.references import NamedBy
from qviz.wire import template
from qviz.wire.client import engine_command, engine_environment, owned
from qviz.wire.forking import Order, listen
from qviz.wire.framing import pack, report_reader
from qviz.wire.memory import children, descendants
from qviz.wire.messages import EngineReady, Report, RunFinished, RunFlow, RunRejected, StepStarted
from tests.trust.traps import DATA, FIELDS, FILES, IMPORTS, MARKER, WALKS, Trap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks engines")

TRAPS = (*FIELDS, *IMPORTS, *FILES, *DATA, *WALKS)
POISON = """
import os, torch
from torch.ao.quantization import HistogramObserver
HistogramObserver.calculate_qparams = None
torch.set_num_threads(1)
os.environ["POISON"] = "1"
raise RuntimeError("rejected")
"""
SAYING = """
import os, random, sys, torch
import numpy
print("says", torch.get_num_threads(), os.environ.get("OPENBLAS_NUM_THREADS"), os.getcwd(), sys.argv, file=sys.stderr)
print("says", torch.rand(1), random.random(), numpy.random.random(), file=sys.stderr)
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.act, self.fc = torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Linear(8 * 36, 4)
        self.quant, self.dequant = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
    def forward(self, x):
        return self.dequant(self.fc(self.act(self.conv(self.quant(x))).flatten(1)))
example_inputs = torch.rand(2, 3, 8, 8)
"""
DOWNLOADS = """
import socket, torch
socket.socket().close()
class Net(torch.nn.Linear):
    def __init__(self):
        super().__init__(2, 2)
example_inputs = torch.ones(1, 2)
"""


@pytest.fixture(scope="module")
def name() -> Iterator[str]:
    """The name of a template, which has imported torch when the first engine is there."""
    yield template.template_for(engine_command())
    template.end_template()


def answers(name: str, *requests: RunFlow, folder: Path | None = None) -> tuple[bytes, list[Report], str]:
    """Return what a new engine answers, as bytes without its greeting and as reports, and what it printed."""
    done = subprocess.run(
        owned(engine_command(), name),
        input=b"".join(map(pack, requests)),
        capture_output=True,
        env=engine_environment(),
        cwd=folder,
        check=True,
    )
    greeting, *reports = report_reader().feed(done.stdout)
    assert isinstance(greeting, EngineReady)
    assert greeting.is_forked is bool(name)
    return done.stdout[len(pack(greeting)) :], reports, done.stderr.decode()


def told(printed: str) -> list[str]:
    """Return what the model of `SAYING` printed."""
    return [line for line in printed.splitlines() if line.startswith("says")]


def assert_same(name: str, folder: Path, *flows: str) -> None:
    """Check that forked engines, one for each flow, answer byte for byte as one that was started."""
    (folder / "net.py").write_text(SAYING)
    plans = [Plan(f"{folder / 'net.py'}:Net", flow=flow) for flow in flows]
    requests = [RunFlow(number, plan, all_typed(plan)) for number, plan in enumerate(plans, 1)]
    expected, reports, printed = answers("", *requests, folder=folder)
    assert sum(isinstance(each, RunFinished) for each in reports) == len(flows)
    forked = [answers(name, each, folder=folder) for each in requests]
    assert b"".join(each[0] for each in forked) == expected
    assert [line for each in forked for line in told(each[2])] == told(printed)
    assert f" {folder} ['-c']" in printed


def test_it_gives_the_bytes_of_an_engine_that_was_started(name: str, tmp_path: Path):
    """With as many threads, in the same folder."""
    assert_same(name, tmp_path, "eager-static", "fx-static")


@pytest.mark.slow
def test_it_does_so_for_every_kind_of_flow(name: str, tmp_path: Path):
    """Some import the rest of torch, which the template brings along."""
    assert_same(name, tmp_path, "fx-qat", "fx-dynamic", "eager-qat", "pt2e-static", "pt2e-qat", "pt2e-dynamic")


def test_what_a_rejected_model_did_to_torch_is_gone(name: str, tmp_path: Path):
    (tmp_path / "poison.py").write_text(POISON)
    plan = Plan(f"{tmp_path / 'poison.py'}:Net")
    (*_, rejected) = answers(name, RunFlow(1, plan, all_typed(plan)))[1]
    assert isinstance(rejected, RunRejected)
    clean = RunFlow(2, Plan("sample:conv-bn-relu", flow="fx-static"))
    assert answers(name, clean)[0] == answers(name, clean)[0] != b""
    assert b'"status":"done"' in answers(name, clean)[0]


@pytest.mark.parametrize("traps", [TRAPS[::14], pytest.param(TRAPS, marks=pytest.mark.slow)], ids=["some", "all"])
def test_a_forked_engine_runs_no_trap_that_nobody_allowed(name: str, traps: tuple[Trap, ...], tmp_path: Path):
    requests = []
    for number, trap in enumerate(traps, 1):
        (folder := tmp_path / str(number)).mkdir()
        plan = plan_file.read(trap.build(folder))
        requests.append(RunFlow(number, plan if plan.flow else msgspec.structs.replace(plan, flow="fx-static")))
    for number, request in enumerate(requests, 1):  # an engine for each, as the window has it
        reports = answers(name, request, folder=tmp_path / str(number))[1]
        assert isinstance(reports[-1], RunRejected | RunFinished)
    assert not [*tmp_path.rglob(MARKER)]


def open_files(process: int) -> list[str]:
    """Return the numbers of the files that a process has open, but for those that lead nowhere."""
    found = []
    for each in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(each) != "/dev/null":
                found.append(each.name)
    return sorted(found)


def test_the_template_is_one_thread_and_holds_nothing(name: str):
    answers(name)
    (keeper,) = children(template._running[0].process.pid)
    (process,) = children(keeper)
    assert len(os.listdir(f"/proc/{process}/task")) == 1
    until = time.monotonic() + 10.0
    while (held := open_files(process)) != ["3"] and time.monotonic() < until:
        time.sleep(0.05)  # the connection of who was answered is just being closed
    assert held == ["3"], "the socket on which it is asked"


def test_a_fork_that_fails_leaves_the_template_as_it_was(monkeypatch: pytest.MonkeyPatch):
    """It must go on hearing of engines that end."""
    monkeypatch.setattr(forker, "can_isolate", lambda: False)
    monkeypatch.setattr(os, "fork", Mock(side_effect=BlockingIOError))
    monkeypatch.setattr(gc, "freeze", lambda: None)
    with socket.socket(socket.AF_UNIX) as one, pytest.raises(BlockingIOError):
        EngineForker(one, 0)._fork(Order(0, "/", 0o077, {}), [], one)
    assert signal.SIGCHLD not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.parametrize(("given", "code", "said"), [(None, 0, ""), (3, 3, ""), ("no memory", 1, "no memory\n")])
def test_an_engine_that_exits_has_the_code_that_python_gives(
    given: str | int | None, code: int, said: str, capsys: pytest.CaptureFixture[str]
):
    assert code_of(SystemExit(given)) == code
    assert capsys.readouterr().err == said


def test_nothing_of_an_engine_is_left_when_who_asked_for_it_is_killed(name: str):
    answers(name)
    (keeper,) = children(template._running[0].process.pid)
    (process,) = children(keeper)
    with subprocess.Popen(
        owned(engine_command(), name), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=engine_environment()
    ) as engine:
        assert engine.stdout is not None
        engine.stdout.read(1)
        assert len(descendants(process)) >= 3
        engine.kill()
    ends = time.monotonic() + 10
    while descendants(process) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not descendants(process)


def test_only_the_window_s_own_children_are_answered(name: str):
    """What a model starts can find the socket; it must not get an engine that is not kept off the network."""
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(f"\0{name}")
        assert one.recv(1) == b"", "this process itself is no child of it"


@pytest.mark.parametrize("changed", [{"LC_ALL": "de_DE"}, {"MKL_DEBUG_CPU_TYPE": "5"}])
def test_where_it_cannot_be_forked_it_is_started(changed: dict[str, str], name: str):
    done = subprocess.run(
        owned([sys.executable, "-c", "print('started')"], name),
        stdout=subprocess.PIPE,
        env={**engine_environment(), **changed},
        check=True,
    )
    assert done.stdout == b"started\n"


def test_a_template_that_ended_is_no_obstacle():
    with listen("qviz-test-nobody-accepts") as gone:
        gone.close()
    done = subprocess.run(owned([sys.executable, "-c", "print(1)"], "qviz-test-nobody-accepts"), stdout=-1, check=True)
    assert done.stdout == b"1\n"


def test_code_that_a_plan_named_has_no_network_and_the_run_says_so(name: str, tmp_path: Path):
    (tmp_path / "net.py").write_text(DOWNLOADS)
    plan = Plan(f"{tmp_path / 'net.py'}:Net", flow="fx-static")
    files = {str(tmp_path / "net.py"): __import__("hashlib").sha256(DOWNLOADS.encode()).hexdigest()}
    for origin, is_run in ((NamedBy.TYPED, True), (NamedBy.FILE, False)):
        grant = Grant(all_typed(plan)[0].target, origin, files)
        reports = answers(name, RunFlow(1, plan, (grant,)))[1]
        rejected = [each for each in reports if isinstance(each, RunRejected)]
        assert bool(rejected) is not is_run
        assert any(isinstance(each, StepStarted) for each in reports)
        assert all("allow the network" in each.hint for each in rejected)
