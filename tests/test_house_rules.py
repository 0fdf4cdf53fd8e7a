"""The rules of tests/house_rules.py fail tests that break them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

TESTS = """
import logging, subprocess, sys, threading
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from tests import house_rules
from tests.house_rules import _leaves_no_timer_running, _leaves_nothing_behind, _logs_no_fault

house_rules.PATIENCE_S = 0.1
ends = threading.Event()
processes, timers = [], []

def test_good():
    subprocess.run([sys.executable, "-S", "-c", ""])
    thread = threading.Thread(target=int)
    thread.start()
    logging.getLogger("qviz.x").info("fine")

def test_thread():
    threading.Thread(target=ends.wait, name="forgotten").start()

def test_daemon():
    threading.Thread(target=ends.wait, name="qviz-listener", daemon=True).start()

def test_process():
    processes.append(subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE))

def test_log():
    logging.getLogger("qviz.x").warning("a fault")

@pytest.mark.logs
def test_expected_log():
    logging.getLogger("qviz.x").warning("a fault")

def test_log_of_others():
    other = logging.getLogger("torch.x")
    other.propagate = False
    other.error("a fault of torch")

def test_good_timers(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    for owner in (widget, None):  # the second is over with its last reference
        timer = QTimer(owner)
        timer.start(1000)
        timer.cycle = timer

def test_timer(qtbot):
    timers.append(QTimer())
    timers[0].start(1000)

def test_end():
    ends.set()
    processes[0].communicate()
"""


def test_what_breaks_a_rule_fails(tmp_path: Path) -> None:
    (tmp_path / "test_rules.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-rE", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    command += ["-p", "no:cacheprovider", str(tmp_path / "test_rules.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    failed = set(re.findall(r"ERROR \S*::(\w+)", done.stdout))
    assert failed == {"test_thread", "test_daemon", "test_process", "test_log", "test_log_of_others", "test_timer"}, (
        done.stdout + done.stderr
    )
    for told in ("thread forgotten", "thread qviz-listener", "process", "a fault", "a fault of torch", "every 1000 ms"):
        assert told in done.stdout
