from __future__ import annotations

from pathlib import Path

import pytest

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

    class Desktop:
        @staticmethod
        def openUrl(url: object) -> bool:
            record.append([str(url)])
            return True

    monkeypatch.setattr(editor, "QProcess", Process)
    monkeypatch.setattr(editor, "QDesktopServices", Desktop)
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


def test_no_editor_at_all_is_said(file, monkeypatch, started):
    monkeypatch.setattr("qviz.ui.shell.editor.shutil.which", lambda program: None)
    monkeypatch.setattr("qviz.ui.shell.editor.QDesktopServices.openUrl", staticmethod(lambda url: False))
    with pytest.raises(QvizError, match=r"No editor was found for .*net.py:7"):
        editor.open_in_editor(file, 7)
