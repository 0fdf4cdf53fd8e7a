"""Nothing of an engine is left, however it, or who started it, ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qviz.wire import client, supervisor
from qviz.wire.client import EngineClient, owned
from qviz.wire.supervisor import descendants

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the supervisor needs prctl")

LEAVING = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "600"])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 64)  # a daemon
        open(sys.argv[1] + ".new", "w").write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        time.sleep(600)
    os._exit(0)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.005)
print("there", flush=True)
exec(sys.argv[2])
"""


def started(tmp_path: Path, then: str) -> tuple[subprocess.Popen[str], int]:
    """Return a supervised program that has left a daemon, and the daemon's process id."""
    note = tmp_path / "daemon"
    command = owned([sys.executable, "-c", LEAVING, str(note), then])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with process.stdout as said:  # type: ignore[union-attr]
        assert said.readline() == "there\n"
    return process, int(note.read_text())


def is_gone(process_id: int) -> bool:
    """Tell whether a process ended, waiting a little for the system to take it away."""
    ends = time.monotonic() + 2
    while time.monotonic() < ends:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("then", "code"),
    [
        ("sys.exit(0)", 0),
        ("sys.exit(3)", 3),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("os.abort()", -signal.SIGABRT),
    ],
)
def test_it_ends_as_its_command_did_and_takes_daemons_along(then: str, code: int, tmp_path: Path):
    process, daemon = started(tmp_path, then)
    assert process.wait(10) == code
    assert is_gone(daemon)


@pytest.mark.parametrize(
    "then", ["time.sleep(600)", "os.kill(os.getpid(), signal.SIGSTOP)", "exec('while True: pass')"]
)
def test_it_ends_all_when_it_is_asked_to(then: str, tmp_path: Path):
    process, daemon = started(tmp_path, then)
    below = descendants(process.pid)
    assert daemon in below
    assert len(below) >= 3
    process.terminate()
    assert process.wait(10) == -signal.SIGKILL
    assert all(map(is_gone, below))


@pytest.mark.parametrize("is_socket", [False, True])
def test_the_far_end_of_a_link_ends_all_when_the_link_breaks(is_socket: bool, tmp_path: Path):
    note, program = tmp_path / "daemon", str(Path(supervisor.__file__))
    command = [sys.executable, "-I", "-S", program, supervisor.LINK, sys.executable, "-c", LEAVING, str(note)]
    near, far = socket.socketpair() if is_socket else map(os.fdopen, os.pipe(), ("r", "w"))
    process = subprocess.Popen([*command, "exec('while True: pass')"], stdin=subprocess.DEVNULL, stdout=far.fileno())
    far.close()
    assert os.read(near.fileno(), 100) == b"there\n"
    below = descendants(process.pid)
    assert int(note.read_text()) in below
    near.close()
    assert process.wait(10) == -signal.SIGKILL
    assert all(map(is_gone, below))


def test_the_far_end_of_a_link_ends_as_its_command_did(tmp_path: Path):
    program = str(Path(supervisor.__file__))
    command = [sys.executable, "-I", "-S", program, supervisor.LINK, sys.executable, "-c", LEAVING]
    done = subprocess.run([*command, str(tmp_path / "daemon"), "sys.exit(3)"], stdout=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout) == (3, b"there\n")
    assert is_gone(int((tmp_path / "daemon").read_text()))


def test_it_ends_all_when_who_started_it_is_killed(tmp_path: Path):
    note = tmp_path / "daemon"
    command = owned([sys.executable, "-c", LEAVING, str(note), "time.sleep(600)"])
    code = f"import subprocess; subprocess.run({command!r}, stdout=subprocess.DEVNULL)"
    parent = subprocess.Popen([sys.executable, "-c", code])
    ends = time.monotonic() + 10
    while not note.exists() and time.monotonic() < ends:
        time.sleep(0.01)
    below = descendants(parent.pid)
    parent.kill()
    parent.wait()
    assert len(below) >= 3
    assert all(map(is_gone, [*below, int(note.read_text())]))


def test_a_thread_that_started_it_may_end(tmp_path: Path):
    import threading

    found: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(
        target=lambda: found.append(subprocess.Popen(owned([sys.executable, "-c", "input()"]), stdin=subprocess.PIPE))
    )
    thread.start()
    thread.join()
    (process,) = found
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.communicate(b"\n", timeout=10)
    assert process.returncode == 0


def test_a_command_that_is_not_there_is_left_to_who_starts_it():
    assert owned(["/nowhere/python", "-c", ""]) == ["/nowhere/python", "-c", ""]


def test_the_client_kills_what_the_engine_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    note = tmp_path / "daemon"
    command = [sys.executable, "-c", LEAVING, str(note), "time.sleep(600)"]
    monkeypatch.setattr(client, "engine_command", lambda python: command)
    with EngineClient() as engine:
        assert engine.process.stdout is not None
        assert engine.process.stdout.readline() == b"there\n"
        before = time.monotonic()
    assert time.monotonic() - before < 5
    assert is_gone(int(note.read_text()))


def test_a_daemon_that_stopped_the_supervisor_is_ended_too(tmp_path: Path):
    process, daemon = started(tmp_path, "os.kill(os.getppid(), signal.SIGSTOP); time.sleep(600)")
    client.end_all_below(process.pid)
    process.kill()
    process.wait()
    assert is_gone(daemon)
