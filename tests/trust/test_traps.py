"""Every trap on the command line and before the engine: nothing runs before a yes, and it runs after one."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from qviz import cli
from qviz.document.plan import Plan
from qviz.document.plan_file import read
from qviz.engine.loading.broker import permitting
from qviz.engine.loading.importing import import_name
from qviz.engine.loading.model_files import open_model
from qviz.engine.loading.tensor_files import read_tensors
from qviz.errors import QvizError
from qviz.trust.consent import Consent
from qviz.trust.grants import NOTHING, Permission
from qviz.trust.listing import lines, list_all
from qviz.trust.references import CodeRef, NamedBy, code_refs
from qviz.wire import client
from qviz.words.visible import one_line
from tests.trust.traps import DATA, FIELDS, FILES, IMPORTS, MARKER, WALKS, Trap

ALL = (*FIELDS, *IMPORTS, *FILES, *DATA)
COMMANDS = (("check",), ("run", "-o", "out.qviz"), ("measure",), ("repair", "--target", "20"), ("inputs",))
"""Those that take a whole plan."""


def name_of(trap: Trap) -> str:
    return trap.name


def take(ref: CodeRef) -> Any:
    """Do with a reference what the engine does with it."""
    if ref.is_whole:
        return open_model(Plan(source=ref.target))
    if ref.is_data:
        return read_tensors(Path(ref.target))
    _, found = import_name(ref.name, "function")
    return ref.name.call(found) if callable(found) else found


def refs_of(plan: Plan) -> tuple[CodeRef, ...]:
    return code_refs(plan, (), NamedBy.FILE)


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(python: str | None = None) -> list[str]:
        raise AssertionError("an engine was started")

    monkeypatch.setattr(client, "engine_command", refuse)


def test_the_corpus_is_large():
    assert len((*ALL, *WALKS)) >= 60
    assert len({each.name for each in (*ALL, *WALKS)}) >= 60


def meet(trap: Trap, command: tuple[str, ...], folder: Path) -> int:
    """Return what a command ends with that takes the plan of a trap."""
    (folder / "plan.toml").write_text(trap.build(folder), encoding="utf-8")
    flow = "fx-qat" if "train" in trap.name else "pt2e-static" if "program" in trap.name else "fx-static"
    return cli.main([*command, "--config", "plan.toml", "--flow", flow])


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("trap", [*ALL, *WALKS], ids=name_of)
def test_no_command_runs_any_of_it_before_a_yes(trap, command, tmp_path: Path, ran: list[str], no_engine, capsys):
    assert meet(trap, command, tmp_path) == 2
    assert "--trust" in capsys.readouterr().err or trap.is_never
    assert ran == []
    assert not (tmp_path / MARKER).exists()


@pytest.mark.parametrize("trap", [*ALL, *WALKS], ids=name_of)
def test_the_command_line_runs_nothing_before_a_yes(trap: Trap, tmp_path: Path, ran: list[str], no_engine, capsys):
    """One command for each trap, all of them in turn."""
    assert meet(trap, COMMANDS[[*ALL, *WALKS].index(trap) % len(COMMANDS)], tmp_path) == 2
    told = capsys.readouterr()
    assert "--trust" in told.err or trap.is_never
    assert not {"\x1b", "\u202e"} & set(told.err)
    assert ran == []
    assert not (tmp_path / MARKER).exists()


@pytest.mark.parametrize("trap", [*ALL, *WALKS], ids=name_of)
def test_the_window_lists_it_and_runs_nothing(trap: Trap, tmp_path: Path, ran: list[str]):
    plan = read(trap.build(tmp_path))
    consent = Consent()
    try:
        listing = consent.listing(plan, NamedBy.DOCUMENT)
    except QvizError:
        assert trap.is_never
    else:
        assert listing.asked
        shown = "\n".join(lines(listing))
        assert not {"\x1b", "\u202e"} & set(shown)
        assert all(one_line(each.ref.target.removeprefix(f"{tmp_path}/")) in shown for each in listing.asked)
        assert all(each.target not in {ref.ref.target for ref in listing.asked} for each in consent.grants(plan))
    assert ran == []
    assert not (tmp_path / MARKER).exists()


@pytest.mark.parametrize("trap", ALL, ids=name_of)
def test_the_engine_refuses_it_without_a_grant_and_runs_it_with_one(trap: Trap, tmp_path: Path, ran: list[str]):
    plan = read(trap.build(tmp_path))
    refs = refs_of(plan)
    assert refs
    with permitting(NOTHING):
        for ref in refs:
            with pytest.raises(QvizError):
                take(ref)
    assert ran == []
    assert not (tmp_path / MARKER).exists()
    with permitting(Permission(list_all(refs).grants)), contextlib.suppress(QvizError):
        for ref in refs:
            take(ref)
    if trap in DATA:
        assert not (tmp_path / MARKER).exists(), "data runs nothing even where it was allowed"
    else:
        assert (tmp_path / MARKER).exists(), "the trap is live"
        assert ran != []


@pytest.mark.parametrize("trap", WALKS, ids=name_of)
def test_no_yes_lets_a_plan_take_what_a_file_does_not_define(trap: Trap, tmp_path: Path, ran: list[str]):
    (ref,) = refs_of(read(trap.build(tmp_path)))
    with pytest.raises(QvizError):
        take_allowed(ref)
    assert "os.system" not in ran
    assert "subprocess.Popen" not in ran


def take_allowed(ref: CodeRef) -> None:
    with permitting(Permission(list_all((ref,)).grants)):
        take(ref)
