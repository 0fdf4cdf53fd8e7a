"""An engine at the end of a link: a command that speaks the wire, through a shell or a real ssh."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import msgspec
import pytest

from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.trust.question import list_here, question_of
from qviz.trust.references import NamedBy, typed_targets
from qviz.version import __version__
from qviz.wire import elsewhere
from qviz.wire.client import EngineClient, engine_environment
from qviz.wire.far_listing import list_there
from qviz.wire.messages import EngineHello
from qviz.words import use

SAYS = """
import os, sys
from qviz.wire.framing import pack
from qviz.wire.messages import *
def say(message):
    sys.stdout.buffer.write(pack(message)); sys.stdout.buffer.flush()
"""
MODEL = """
import torch
from beside import width
print("it ran")
class Net(torch.nn.Module):
    pass
"""


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """The folder in which commands of the tests start their engines, as a home on another machine."""
    folder = tmp_path / "far"
    folder.mkdir()
    (folder / "model.py").write_text(MODEL)
    (folder / "beside.py").write_text("width = 4\n")
    return folder


@pytest.fixture
def starts(far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Have engines be started by a shell that goes to the far folder; give the script that they follow, or none."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    path = engine_environment()["PYTHONPATH"]

    def start(script: str | None = None) -> str:
        (far / "engine.py").write_text(SAYS + (script or ""))
        program = "-m qviz.engine" if script is None else "engine.py"
        line = f"cd {far} && exec env -i PYTHONPATH={path} {sys.executable} {program}"
        monkeypatch.setenv(elsewhere.VARIABLE, f"sh -c {shlex.quote(line)}")
        return elsewhere.chosen()

    return start


def first_failure() -> QvizError:
    """Return what talking to an engine ends with."""
    with EngineClient() as engine, pytest.raises(QvizError) as failure:
        next(engine.reports())
    return failure.value


def test_it_says_who_it_is_before_torch(starts, far: Path):
    starts()
    with EngineClient() as engine:
        hello = next(engine.reports())
    assert hello == EngineHello(__version__, elsewhere.WIRE, os.uname().nodename, str(far))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("say(EngineHello('0.0.1', 0, 'gpubox', '/'))", ["gpubox has qviz 0.0.1 (messages 0)", f"qviz {__version__}"]),
        (f"say(EngineHello('{__version__}', 0, 'gpubox', '/'))", ["(messages 0)", f"(messages {elsewhere.WIRE})"]),
        ("say(EngineReady({'qviz': '0.1.0'}, ()))", ["an older qviz 0.1.0", f"qviz {__version__}"]),
        ("say(StepStarted(1, 'loading'))", ["does not start an engine of qviz"]),
        ("print('Welcome to gpubox, have a nice day!', flush=True)", ["does not start an engine", "Welcome to gpubox"]),
    ],
)
def test_another_version_or_something_else_is_told(script: str, told: list[str], starts):
    starts(script)
    failure = first_failure()
    assert all(each in failure.message for each in told), failure.message
    assert failure.hint


@pytest.mark.logs
def test_a_link_that_breaks_is_an_engines_death_and_tells_the_last_lines(starts):
    hello = f"say(EngineHello('{__version__}', {elsewhere.WIRE}, 'gpubox', '/'))\n"
    command = starts(hello + "print('one\\ntwo\\nthree\\nssh: connection lost', file=sys.stderr); sys.exit(255)")
    with EngineClient() as engine, pytest.raises(QvizError) as failure:
        [*engine.reports()]
    assert "ended with code 255: two; three; ssh: connection lost" in failure.value.message
    assert command in failure.value.hint


def test_a_command_is_checked_before_it_is_started():
    assert elsewhere.check(f" {sys.executable} -m qviz.engine ") == f"{sys.executable} -m qviz.engine"
    for text in ("no-such-program x", "'open", "''"):
        with pytest.raises(QvizError):
            elsewhere.check(text)


def test_what_would_run_is_listed_where_it_would(starts, far: Path):
    command = starts()
    plan = Plan("model.py:Net", calibrate="model.py:batches")
    listing = list_there(question_of(plan, typed_targets(plan, ("source",)), (), NamedBy.FILE))
    model, data = listing.entries
    assert (model.ref.target, model.is_needed) == (f"{far}/model.py:Net", False), "typed words are their own grant"
    assert (data.ref.target, data.is_needed) == (f"{far}/model.py:batches", True)
    assert [each.path for each in data.files] == [f"{far}/model.py", f"{far}/beside.py"]
    here = list_here(question_of(Plan(f"{far}/model.py:Net"), (), (), NamedBy.FILE))
    assert [each.digest for each in data.files] == [each.digest for each in here.entries[0].files]
    assert listing.place == command


def test_where_two_machines_count_otherwise_nothing_is_taken_for_typed(far: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(far)
    plan = Plan("model.py:Net")
    asked = question_of(plan, typed_targets(plan, ("source",)), (), NamedBy.DOCUMENT)
    assert list_here(asked).asked == ()
    other = msgspec.structs.replace(asked, names=("source another.py:Net",))
    assert [each.ref.origin for each in list_here(other).entries] == [NamedBy.DOCUMENT]


def test_a_refusal_of_the_other_machine_comes_through_in_the_users_language(starts, request: pytest.FixtureRequest):
    starts()
    request.addfinalizer(lambda: use("en"))
    use("zh_CN")
    with pytest.raises(QvizError, match=r"没有找到 .*gone\.pt2"):
        list_there(question_of(Plan("gone.pt2"), (), (), NamedBy.FILE))
