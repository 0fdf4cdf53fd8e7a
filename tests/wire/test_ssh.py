"""An engine behind a real ssh, to an sshd that the tests start on the loopback."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.trust.grants import all_typed
from qviz.trust.question import question_of
from qviz.trust.references import NamedBy
from qviz.wire import elsewhere
from qviz.wire.client import EngineClient, engine_environment
from qviz.wire.far_listing import list_there
from qviz.wire.memory import descendants
from qviz.wire.messages import EngineHello, EngineReady, RunFinished, RunFlow, StageReached, StepStarted

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = [
    pytest.mark.skipif(SSHD is None or shutil.which("ssh") is None, reason="needs ssh and sshd (openssh-server)"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

MODEL = """
import os, subprocess, torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
    def forward(self, x):
        return self.linear(x)
def hangs():
    subprocess.Popen(["sleep", "600"])
    open("here.new", "w").write(str(os.getpid()))
    os.rename("here.new", "here")
    exec("while True: pass")
example_inputs = torch.ones(1, 4)
"""


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start an sshd for this user; give it with the words of an ssh that reaches it."""
    folder = tmp_path_factory.mktemp("sshd")
    if os.geteuid() == 0:  # as its start script would
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for each in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / each)], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = (folder / "user.pub", folder / "host", folder / "pid")
    options = [f"-oAuthorizedKeysFile={told[0]}", f"-oHostKey={told[1]}", f"-oPidFile={told[2]}"]
    options += ["-oStrictModes=no", "-oPasswordAuthentication=no", "-oPermitRootLogin=yes", "-oListenAddress=127.0.0.1"]
    command = [str(SSHD), "-D", "-e", "-f", "/dev/null", "-p", str(port), *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log)
    ends = time.monotonic() + 10
    while b"Server listening" not in (folder / "log").read_bytes():
        if process.poll() is not None or time.monotonic() > ends:
            process.kill()
            process.wait()
            pytest.skip(f"sshd does not start: {(folder / 'log').read_text().strip()}")
        time.sleep(0.01)
    ssh = ["ssh", "-F", "none", "-i", str(folder / "user"), "-p", str(port), "-oBatchMode=yes", "-oLogLevel=ERROR"]
    ssh += ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", f"{getpass.getuser()}@127.0.0.1"]
    login = subprocess.run([*ssh, "true"], capture_output=True, text=True, check=False)
    if login.returncode == 0:
        yield process, shlex.join(ssh)
    process.terminate()
    process.wait()
    if login.returncode != 0:  # the account is locked, for example
        pytest.skip(f"ssh does not log in: {login.stderr.strip()}")


@pytest.fixture
def far(sshd: tuple[subprocess.Popen[bytes], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Choose an engine behind ssh; give the folder that it starts in."""
    (tmp_path / "model.py").write_text(MODEL)
    there = {"PYTHONPATH": engine_environment()["PYTHONPATH"], "OMP_NUM_THREADS": "1"}
    words = shlex.join(f"{name}={value}" for name, value in there.items())
    line = f"cd {shlex.quote(str(tmp_path))} && {words} exec {shlex.quote(sys.executable)} -m qviz.engine"
    monkeypatch.setenv(elsewhere.VARIABLE, f"{sshd[1]} {shlex.quote(line)}")
    return tmp_path


def are_gone(processes: list[int]) -> bool:
    """Tell whether processes ended, waiting a little for the system to take them away."""
    ends = time.monotonic() + 5
    while left := [each for each in processes if os.path.exists(f"/proc/{each}")]:
        if time.monotonic() > ends:
            return not left
        time.sleep(0.01)
    return True


def sessions(sshd: subprocess.Popen[bytes]) -> list[int]:
    """Return what works below an sshd."""
    return descendants(sshd.pid)


def test_a_flow_runs_and_what_is_canceled_leaves_nothing_there(sshd: tuple[subprocess.Popen[bytes], str], far: Path):
    with EngineClient() as engine:
        reports = engine.reports()
        assert isinstance(hello := next(reports), EngineHello)
        assert (hello.folder, hello.host) == (str(far), os.uname().nodename)
        assert isinstance(next(reports), EngineReady)
        plan = Plan("model.py:Net", flow="fx-static", measure=False)
        # The targets of its machine: relative paths begin in its folder.
        engine.send(RunFlow(1, plan, list_there(question_of(plan, (), (), NamedBy.FILE)).grants))
        run = list(reports_to_end(reports))
        assert [each.stage.name for each in run if isinstance(each, StageReached)][-1] == "converted"
        plan = Plan(f"{far}/model.py:hangs", flow="fx-static")
        engine.send(RunFlow(2, plan, all_typed(plan)))
        assert isinstance(next(reports), StepStarted)
        ends = time.monotonic() + 20
        while not (far / "here").exists() and time.monotonic() < ends:
            time.sleep(0.01)
        there = sessions(sshd[0])
        assert len(there) >= 4, "two that watch, the engine, what the model started"
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert are_gone(there)


def reports_to_end(reports):
    """Yield what an engine says of one run."""
    for each in reports:
        yield each
        if isinstance(each, RunFinished):
            return


@pytest.mark.logs
def test_a_connection_that_breaks_is_told_in_sshs_words(sshd: tuple[subprocess.Popen[bytes], str], far: Path):
    with EngineClient() as engine:
        reports = engine.reports()
        assert isinstance(next(reports), EngineHello)
        there = sessions(sshd[0])
        os.kill(there[0], signal.SIGKILL)  # sshd's own process of the connection
        with pytest.raises(QvizError) as failure:
            list(reports)
    assert "The link to the engine ended with code 255: " in failure.value.message
    assert "closed by remote host" in failure.value.message
    assert are_gone(there)


@pytest.mark.logs
def test_a_host_that_is_not_there_is_told_in_sshs_words(far: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(elsewhere.VARIABLE, "ssh -F none -oBatchMode=yes -p 1 127.0.0.1 python -m qviz.engine")
    with pytest.raises(QvizError, match="port 1: Connection refused"):
        list_there(question_of(Plan("model.py:Net"), (), (), NamedBy.FILE))
