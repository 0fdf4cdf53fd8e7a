"""`--engine COMMAND`: what the command line says of an engine on another machine."""

from __future__ import annotations

import hashlib
import shlex
import sys
from pathlib import Path

import pytest

from qviz import cli
from qviz.version import __version__
from qviz.wire import elsewhere
from qviz.wire.client import engine_environment

MODEL = "import torch\nprint('it ran')\n"
PLAN = 'version = 1\nsource = "model.py:Net"\nflow = "fx-static"\ncalibrate = "model.py:batches"\n'
NO_ENGINE = "echo Welcome to gpubox"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The command of an engine that has its files where this one has none; the tests run here."""
    for each in ("here", "far"):
        (tmp_path / each).mkdir()
    (tmp_path / "far" / "model.py").write_text(MODEL)
    (tmp_path / "here" / "plan.toml").write_text(PLAN)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv(elsewhere.VARIABLE, "")  # what the command line puts there goes away with it
    path = engine_environment()["PYTHONPATH"]
    line = f"cd {tmp_path}/far && exec env -i PYTHONPATH={path} {sys.executable} -m qviz.engine"
    return f"sh -c {shlex.quote(line)}"


def test_the_question_lists_the_files_of_the_other_machine(engine: str, tmp_path: Path, capsys):
    assert cli.main(["run", "--config", "plan.toml", "-o", "a.qviz", "--engine", engine]) == 2
    told = capsys.readouterr().err
    far = tmp_path / "far" / "model.py"
    assert f"on the machine of {engine}, which reported the files and hashes" in told
    assert f"{far}:batches: calibration data" in told
    assert hashlib.sha256(MODEL.encode()).hexdigest()[:12] in told
    assert "--trust" in told
    assert not (tmp_path / "here" / "a.qviz").exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--engine", "no-such-program x"], 2, "no-such-program is not a program of this machine"),
        (["--engine", "'"], 2, "No closing quotation"),
        (["--engine", NO_ENGINE], 4, "does not start an engine of qviz; it says: Welcome to gpubox"),
        (["--engine", f"{sys.executable} -c pass"], 4, "does not start an engine of qviz"),
    ],
)
@pytest.mark.usefixtures("engine")
def test_what_does_not_work_is_told(words: list[str], code: int, told: str, capsys):
    assert cli.main(["run", "sample:conv-bn-relu", "--flow", "fx-static", "-o", "a.qviz", *words]) == code
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--memory", "3"], "--memory cannot see the memory of another machine"),
        (["--no-network"], "--network and --no-network do not reach another machine"),
    ],
)
def test_what_does_not_reach_another_machine_is_refused(words: list[str], told: str, engine: str, capsys):
    given = ["sample:conv-bn-relu", "--flow", "fx-static", "-o", "a.qviz", "--engine", engine, *words]
    assert cli.main(["run", *given]) == 2
    assert told in capsys.readouterr().err


def test_the_doctor_says_where_the_engine_is(capsys, monkeypatch: pytest.MonkeyPatch, own_log: Path):
    says = (
        "import sys, time; from qviz.wire.framing import pack; from qviz.wire.messages import EngineHello, EngineReady;"
        f"each = EngineHello({__version__!r}, {elsewhere.WIRE}, 'gpubox', '/'), EngineReady({{}}, ('x86',));"
        "sys.stdout.buffer.write(b''.join(map(pack, each))); sys.stdout.buffer.flush(); time.sleep(600)"
    )
    monkeypatch.setenv(elsewhere.VARIABLE, shlex.join([sys.executable, "-c", says]))
    cli.main(["doctor"])
    assert "s on gpubox; backends: x86" in capsys.readouterr().out


@pytest.mark.logs
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    "then",
    [
        "time.sleep(600)",
        "while True: say(StepStarted(1, 'loading', 1, 2))",
        "while True: print('x' * 9999, file=sys.stderr)",
    ],
)
def test_a_time_limit_holds_while_the_other_machine_is_asked_what_would_run(then: str, capsys):
    script = "import sys, time\nfrom qviz.wire.framing import pack\nfrom qviz.wire.messages import *\n"
    script += "def say(report): sys.stdout.buffer.write(pack(report)); sys.stdout.buffer.flush()\n"
    script += f"say(EngineHello({__version__!r}, {elsewhere.WIRE}, 'box', '/'))\n{then}\n"
    words = ["--engine", shlex.join([sys.executable, "-c", script]), "--timeout", "2"]
    assert cli.main(["run", "model.py:Net", "--flow", "fx-static", "-o", "a.qviz", *words]) == 3
    assert "stopped after 2 s, the time limit" in capsys.readouterr().err
