"""Orders to the template come whole, from children of the window alone; memory is counted over all below a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys

import pytest

from qviz.wire import forking, memory
from qviz.wire.memory import exceeds
from qviz.wire.supervisor import PARENT_GONE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="of Linux alone")

ORDER = forking.Order(1 << 30, "/", 0o022, {"HOME": "/"})


def _sent(body: bytes, length: int, streams: int = 3) -> tuple[forking.Order, list[int]]:
    near, far = socket.socketpair()
    with near, far, open(os.devnull, "rb") as nothing:
        socket.send_fds(near, [struct.pack("I", length)], [nothing.fileno()] * streams)
        near.sendall(body)
        near.shutdown(socket.SHUT_WR)
        return forking.receive(far)


def test_an_order_arrives_with_its_streams():
    body = json.dumps(ORDER._asdict()).encode()
    order, streams = _sent(body, len(body))
    for each in streams:
        os.close(each)
    assert order == ORDER
    assert len(streams) == 3


def test_an_order_in_part_is_refused():
    with pytest.raises(ValueError, match="in part"):
        _sent(b"[1", 100)


@pytest.mark.parametrize(
    ("body", "length", "streams", "why"),
    [
        (b"[1", 100, 3, "in part"),
        (b'{"memory": 1}', 13, 3, "missing"),
        (b"[1, ", 4, 3, "Expecting"),
        (b"{}", 2, 2, "streams"),
    ],
)
def test_an_order_that_is_refused_leaves_no_stream_open(body: bytes, length: int, streams: int, why: str):
    before = os.listdir("/proc/self/fd")
    with pytest.raises(ValueError, match=why):
        _sent(body, length, streams)
    assert os.listdir("/proc/self/fd") == before


def test_only_a_child_of_the_window_may_ask():
    near, far = socket.socketpair()
    with near, far:
        assert forking.is_child_of(far, os.getppid())
        assert not forking.is_child_of(far, os.getpid())


def test_what_all_below_a_process_hold_is_counted():
    with subprocess.Popen([sys.executable, "-c", "print(1, flush=True); input()"], stdin=-1, stdout=-1) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"1\n"
        is_over, _ = exceeds(os.getpid(), 1000)
        is_under, left = exceeds(os.getpid(), 1 << 40)
        child.kill()
    assert is_over
    assert not is_under
    assert 0 < left < 1 << 40


def test_where_what_is_shared_counts_once_only_the_rest_is_left(monkeypatch: pytest.MonkeyPatch):
    """Else an engine just below its limit would be left alone for as long as one that holds nothing."""
    monkeypatch.setattr(memory, "descendants", lambda _: [1, 2])
    monkeypatch.setattr(memory, "_held", lambda _: memory._ProcessMemory(60, 0))
    monkeypatch.setattr(memory, "_share_of", lambda _: 45)
    assert exceeds(0, 100) == (False, 10)
    assert exceeds(0, 80)[0]


def test_the_end_of_a_parent_wakes_who_was_stopped():
    assert PARENT_GONE == signal.SIGCONT


STRAYS = """
import os, signal, socket, time
from qviz.engine.template import EngineForker
from qviz.wire.isolation import adopt_orphans

def lives(process):
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False

def forked(stays):
    reads, writes = os.pipe()
    if (owner := os.fork()) == 0:
        for _ in range(stays):
            if os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                os.write(writes, b"%d " % os.getpid())
                time.sleep(60)
        time.sleep(60)
    said = b""
    while said.count(b" ") < stays:
        said += os.read(reads, 100)
    return owner, [int(each) for each in said.split()]

forker = EngineForker(socket.socket(socket.AF_UNIX), os.getppid())
adopt_orphans()
killed, left = forked(2)
kept, _ = forked(0)
forker._owners.update((killed, kept))
signal.signal(signal.SIGCHLD, forker._on_child_ended)
os.kill(killed, signal.SIGKILL)
ends = time.monotonic() + 10
while any(map(lives, left)) and time.monotonic() < ends:
    time.sleep(0.002)
print([lives(each) for each in left], lives(kept), forker._owners == {kept})
os.kill(kept, signal.SIGKILL)
"""


def test_a_template_kills_what_a_killed_owner_left_and_nothing_else():
    """A model may kill the process that owns its engine; the template adopts the rest."""
    done = subprocess.run([sys.executable, "-c", STRAYS], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "[False, False] True True", done.stderr
