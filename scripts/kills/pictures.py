"""Kills under the window's export dialog: a picture on disk is the one of before or the new one, whole."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from kills.tree import Marked, end
from kills.trial import Outcome, Trial

EXPORTING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from long_days import quiet_window, wait
from PySide6.QtWidgets import QApplication, QFileDialog
from qviz.ui.export.formats import PICTURE_FORMATS
from qviz.ui.shell.export_sheet import ExportSheet

application = QApplication([])
result, folder = map(Path, sys.argv[2:4])
window = quiet_window(folder / "own")
window.opener.open_source(str(result), is_consented=True)
wait(lambda: window.desk is not None and window.desk.project is not None)
panes = window.desk.work.panes.panes.values()
wait(lambda: all(pane.canvas.scene is not None and not pane.canvas.is_busy for pane in panes))
print("there", flush=True)
while True:
    for ending in PICTURE_FORMATS:
        path = str(folder / f"picture{ending}")
        QFileDialog.getSaveFileName = lambda *_: (path, "")
        window.actions_of["export"].trigger()
        sheet = window.findChildren(ExportSheet)[-1]
        sheet.form.formats_of(ending).click()
        wait(lambda: sheet.ready is None)
        wait(lambda: sheet.ready is not None)
        sheet.save_file()
    print("round", flush=True)
"""
BEFORE = b"before"


def pictures_killed(result: Path, folder: Path, chance: random.Random, most: int) -> Iterator[Outcome]:
    """Kill windows that export a result in every format, again and again."""
    folder.mkdir()
    whole: dict[str, bytes] = {}
    seconds = 0.0
    for number in range(most + 1):
        for name in whole:
            (folder / name).write_bytes(BEFORE)
        trial, marked = Trial("export dialog", "KILL", "window"), Marked({**os.environ, "HOME": str(folder)})
        command = [sys.executable, "-c", EXPORTING, str(Path(__file__).parents[1]), str(result), str(folder)]
        process = subprocess.Popen(command, env=marked.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with process.stdout as said:  # type: ignore[union-attr]
            said.readline()
            began = time.monotonic()
            if number == 0:
                said.readline()
                seconds = time.monotonic() - began
            else:
                time.sleep(chance.uniform(0, seconds))
            was_there = end(process.pid, "KILL")
        process.wait()
        found = {path.name: path.read_bytes() for path in folder.glob("picture*")}
        whole = whole or found
        assert whole, "no picture is even written undisturbed"
        trial.is_damaged = found.keys() != whole.keys() or any(
            data not in (BEFORE, whole[name]) for name, data in found.items()
        )
        trial.left = len(marked.left())
        yield trial.outcome(was_there)
