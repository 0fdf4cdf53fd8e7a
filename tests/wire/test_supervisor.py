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

from qviz.wire import client
from qviz.wire.client import EngineClient, owned
from qviz.wire.isolation import LINK, MODEL, TRUSTED, can_isolate
from qviz.wire.memory import EXCEEDED, descendants

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the supervisor needs prctl")

LEAVING = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sh", "-c", "sleep 600; :", sys.argv[1]])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 64)  # a daemon
        open(sys.argv[1] + ".new", "w").write("there")
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        time.sleep(600)
    os._exit(0)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.005)
print("there", flush=True)
def parent(process):
    return int(open(f"/proc/{process}/stat").read().rpartition(")")[2].split()[1])
exec(sys.argv[2])
"""
WAITS = "time.sleep(600)"


@pytest.fixture(params=[True, False], ids=["in a namespace", "without"])
def is_isolated(request: pytest.FixtureRequest) -> bool:
    if request.param and not can_isolate():
        pytest.skip("this system allows no namespace")
    return bool(request.param)


def started(note: Path, then: str, is_isolated: bool) -> subprocess.Popen[str]:
    """Return a supervised program that has left a child and a daemon; all of them have the note in their arguments."""
    command = owned([sys.executable, "-c", LEAVING, str(note), then], role=MODEL if is_isolated else TRUSTED)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with process.stdout as said:  # type: ignore[union-attr]
        assert said.readline() == "there\n"
    return process


def left(note: Path) -> list[str]:
    """Return the processes that have the note in their arguments, waiting a little for the system to take them away."""
    ends, found = time.monotonic() + 2, [""]
    while found and time.monotonic() < ends:
        found = []
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                text = each.read_bytes().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue
            if str(note) in text:
                found.append(f"{each.parent.name}: {text[:100]}")
    return found


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
def test_it_ends_as_its_command_did_and_takes_daemons_along(then: str, code: int, is_isolated: bool, tmp_path: Path):
    process = started(tmp_path / "note", then, is_isolated)
    assert process.wait(10) == code
    assert not left(tmp_path / "note")


@pytest.mark.parametrize("then", [WAITS, "os.kill(os.getpid(), signal.SIGSTOP)", "exec('while True: pass')"])
def test_it_ends_all_when_it_is_asked_to(then: str, is_isolated: bool, tmp_path: Path):
    process = started(tmp_path / "note", then, is_isolated)
    assert len(descendants(process.pid)) >= 4
    process.terminate()
    assert process.wait(10) == -signal.SIGKILL
    assert not left(tmp_path / "note")


@pytest.mark.parametrize("is_socket", [False, True])
def test_the_far_end_of_a_link_ends_all_when_the_link_breaks(is_socket: bool, tmp_path: Path):
    note = tmp_path / "note"
    command = owned([sys.executable, "-c", LEAVING, str(note), "exec('while True: pass')"], role=LINK)
    near, far = socket.socketpair() if is_socket else map(os.fdopen, os.pipe(), ("r", "w"))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=far.fileno())
    far.close()
    said = b""
    while not said.endswith(b"\n"):
        said += os.read(near.fileno(), 100)  # print() may write its end by itself
    assert said == b"there\n"
    assert len(descendants(process.pid)) >= 4
    near.close()
    assert process.wait(10) == -signal.SIGKILL
    assert not left(note)


def test_the_far_end_of_a_link_ends_as_its_command_did(tmp_path: Path):
    command = owned([sys.executable, "-c", LEAVING, str(tmp_path / "note"), "sys.exit(3)"], role=LINK)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout) == (3, b"there\n")
    assert not left(tmp_path / "note")


def test_it_ends_all_when_who_started_it_is_killed(is_isolated: bool, tmp_path: Path):
    note = tmp_path / "note"
    command = owned([sys.executable, "-c", LEAVING, str(note), WAITS], role=MODEL if is_isolated else TRUSTED)
    code = f"import subprocess; subprocess.run({command!r}, stdout=subprocess.DEVNULL)"
    parent = subprocess.Popen([sys.executable, "-c", code])
    ends = time.monotonic() + 10
    while not note.exists() and time.monotonic() < ends:
        time.sleep(0.01)
    assert len(descendants(parent.pid)) >= 4
    parent.kill()
    parent.wait()
    assert not left(note)


def test_a_supervisor_that_was_stopped_ends_with_who_started_it(is_isolated: bool, tmp_path: Path):
    note = tmp_path / "note"
    command = owned([sys.executable, "-c", LEAVING, str(note), WAITS], role=MODEL if is_isolated else TRUSTED)
    code = f"import subprocess; subprocess.run({command!r}, stdout=subprocess.DEVNULL)"
    parent = subprocess.Popen([sys.executable, "-c", code])
    ends = time.monotonic() + 10
    while not note.exists() and time.monotonic() < ends:
        time.sleep(0.01)
    supervisor = descendants(parent.pid)[0]
    os.kill(supervisor, signal.SIGCONT)
    time.sleep(0.05)
    assert len(descendants(supervisor)) >= 3  # to be woken is no end
    os.kill(supervisor, signal.SIGSTOP)
    parent.kill()
    parent.wait()
    assert not left(note)


def test_who_keeps_a_program_is_woken_without_harm(tmp_path: Path):
    process = started(tmp_path / "note", WAITS, is_isolated=False)
    below = descendants(process.pid)
    os.kill(below[0], signal.SIGSTOP)
    os.kill(below[0], signal.SIGCONT)
    time.sleep(0.05)
    assert set(below[:2]) <= {*descendants(process.pid)}  # it, and the program
    process.terminate()
    assert process.wait(10) == -signal.SIGKILL
    assert not left(tmp_path / "note")


@pytest.mark.parametrize("then", ["os.kill(os.getppid(), 9)", "os.kill(parent(os.getppid()), 9)"])
def test_a_program_that_kills_who_watches_it_is_ended(then: str, tmp_path: Path):
    """Without a namespace each of the two watches the other; in one, the program cannot even name them."""
    process = started(tmp_path / "note", f"{then}; {WAITS}", is_isolated=False)
    assert process.wait(10) == -signal.SIGKILL
    assert not left(tmp_path / "note")


def test_a_program_in_a_namespace_sees_nothing_but_its_own(tmp_path: Path):
    if not can_isolate():
        pytest.skip("this system allows no namespace")
    code = "import os; print(sorted(int(each) for each in os.listdir('/proc') if each.isdigit()), os.getppid())"
    command = owned([sys.executable, "-c", f"{code}; os.kill(1, 9); print('alive')"])
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[1, 2] 1\nalive\n")


ORDINARY = """
import ctypes, os
from qviz.wire.isolation import can_isolate, drop_capabilities, isolate_children, mount_proc
os.setgroups([]); os.setgid(12345); os.setuid(12345)
ctypes.CDLL(None).prctl(4, 1)  # may write its own maps again, as a process that was started by an ordinary user
if can_isolate():
    isolate_children()
    if os.fork() == 0:
        mount_proc(), drop_capabilities()
        status = open("/proc/self/status").read()
        print(os.getpid(), os.getuid(), int(status.split("CapEff:")[1].split()[0], 16), flush=True)
        os._exit(0)
    os.wait()
"""


def test_an_ordinary_user_has_one_too_where_the_system_allows_it_and_no_more_rights():
    if os.getuid() != 0 or not can_isolate():
        pytest.skip("only an administrator can be somebody else")
    done = subprocess.run([sys.executable, "-c", ORDINARY], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout in ("1 12345 0\n", "")


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
    command = [sys.executable, "-c", LEAVING, str(tmp_path / "note"), WAITS]
    monkeypatch.setattr(client, "engine_command", lambda python: command)
    with EngineClient() as engine:
        assert engine.process.stdout is not None
        assert engine.process.stdout.readline() == b"there\n"
        before = time.monotonic()
    assert time.monotonic() - before < 5
    assert not left(tmp_path / "note")


def test_a_daemon_that_stopped_the_supervisor_is_ended_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client, "PATIENCE_S", 0.1)
    process = started(tmp_path / "note", f"os.kill(parent(os.getppid()), signal.SIGSTOP); {WAITS}", is_isolated=False)
    client.end_owned(process)
    process.wait()
    assert not left(tmp_path / "note")


def test_what_stands_beside_qviz_hides_nothing_of_python(tmp_path: Path):
    """The supervisor's, and the engine's: site-packages may hold an old ``typing.py``."""
    (tmp_path / "qviz").symlink_to(Path(client.__file__).parents[1])
    (tmp_path / "typing.py").write_text("raise ImportError('of another time')")
    program, *options = owned([sys.executable, "-c", "print(1)"])
    options[options.index("-c") + 1] = client._SUPERVISOR.format(home=str(tmp_path))
    assert subprocess.run([program, *options], stdout=subprocess.PIPE, check=True).stdout == b"1\n"


def test_a_program_that_takes_too_much_memory_is_ended_with_its_daemons(tmp_path: Path):
    then = f"held = bytearray(300 << 20); {WAITS}"
    command = owned([sys.executable, "-c", LEAVING, str(tmp_path / "note"), then], memory=200 << 20)
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == -EXCEEDED
    assert not left(tmp_path / "note")


def test_memory_that_processes_share_counts_once(tmp_path: Path):
    then = "held = bytearray(b'1') * (100 << 20); [os.fork() for _ in range(2)]; time.sleep(0.2)"
    command = owned([sys.executable, "-c", LEAVING, str(tmp_path / "note"), then], memory=250 << 20)
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
