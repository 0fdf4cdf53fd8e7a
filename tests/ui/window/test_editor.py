from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices

from qviz.errors import QvizError
from qviz.ui.shell import editor

STRANGE = ["-c:!touch x", "--eval=(f)", "--install-extension=/a/b.vsix", "net.py", "/etc/passwd", "/nowhere/net.py"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    record: list[list[str]] = []

    class Process:
        @staticmethod
        def startDetached(program: str, arguments: list[str]) -> tuple[bool, int]:
            record.append([program, *arguments])
            return True, 1

    monkeypatch.setattr(editor, "QProcess", Process)
    monkeypatch.setattr("qviz.ui.shell.editor.shutil.which", lambda program: program)
    return record


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "net.py").write_text("x = 1\n")
    return str(tmp_path / "net.py")


@pytest.mark.parametrize(
    ("wish", "words"),
    [("code -w", ["-g", "{}:7"]), ("gvim", ["+7", "{}"]), ("/opt/kate", ["--line", "7", "{}"])],
)
def test_the_users_editor_opens_at_the_line(wish, words, file, started, monkeypatch):
    monkeypatch.setenv("VISUAL", wish)
    editor.open_in_editor(file, 7)
    assert started == [[wish.split()[0], *(word.format(file) for word in words)]]


def test_the_setting_goes_before_the_environment(file, started, monkeypatch):
    monkeypatch.setenv("VISUAL", "gvim")
    editor.open_in_editor(file, 7, "mine --at {line} {file}")
    assert started == [["mine", "--at", "7", file]]


@pytest.mark.parametrize("wish", ["gvim", "emacsclient", "code", ""])
@pytest.mark.parametrize("name", STRANGE)
def test_a_result_from_a_stranger_starts_nothing(name, wish, started, monkeypatch):
    monkeypatch.setenv("VISUAL", wish)
    with pytest.raises(QvizError, match="not a Python file on this machine"):
        editor.open_in_editor(name, 3)
    assert started == []


@pytest.mark.parametrize(
    ("system", "program"), [("darwin", ["/usr/bin/open", "-t"]), ("win32", [r"C:\Windows\System32\notepad.exe"])]
)
def test_without_an_editor_the_system_s_own_shows_it(system: str, program: list[str], file, started, monkeypatch):
    monkeypatch.setattr("qviz.ui.shell.editor.shutil.which", lambda program: None)
    monkeypatch.setattr("qviz.ui.shell.editor.sys.platform", system)
    monkeypatch.delenv("SYSTEMROOT", raising=False)
    editor.open_in_editor(file, 7)
    assert started == [[*program, file]]


def test_no_editor_at_all_is_said_and_what_the_desktop_would_run_it_with_is_not_asked(file, monkeypatch, started):
    opened: list[object] = []
    monkeypatch.setattr("qviz.ui.shell.editor.shutil.which", lambda program: None)
    monkeypatch.setattr("qviz.ui.shell.editor.sys.platform", "linux")
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    with pytest.raises(QvizError, match=r"No editor was found for .*net.py:7"):
        editor.open_in_editor(file, 7)
    assert started == opened == []
