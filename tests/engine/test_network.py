"""What a plan or a document named has no network, nor has what it starts; what the user named has."""

from __future__ import annotations

import subprocess
import sys

import pytest

from qviz.engine import network
from qviz.engine.failures import run_error
from qviz.engine.network import can_refuse, is_wanted
from qviz.trust.grants import Grant
from qviz.trust.references import NamedBy
from qviz.wire.isolation import NETWORK

TRIES = """
import socket, subprocess, sys, threading
from qviz.engine import network
waits, go = threading.Event(), threading.Event()
def said(act):
    try:
        return type(act()).__name__
    except OSError as error:
        return str(error)
def other():
    go.wait()
    print("thread:", said(socket.socket))
thread = threading.Thread(target=other); thread.start()
assert network.refuse() and network.is_refused() and network.refuse()
go.set(); thread.join()
print("4:", said(socket.socket))
print("6:", said(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)))
print("raw:", said(lambda: socket.socket(17, socket.SOCK_RAW)))
print("name:", said(lambda: socket.getaddrinfo("example.org", 80)))
print("local:", said(lambda: socket.socketpair()[0]), said(lambda: socket.socket(socket.AF_UNIX)))
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print("io_uring:", libc.syscall(425, 1, ctypes.create_string_buffer(120)), ctypes.get_errno())
sys.stdout.flush()
subprocess.run([sys.executable, "-c", "import socket; socket.socket()"], stderr=subprocess.STDOUT)
"""


@pytest.mark.skipif(not can_refuse(), reason="this system cannot refuse it")
def test_no_thread_and_no_child_gets_a_socket_of_the_network():
    done = subprocess.run([sys.executable, "-c", TRIES], stdout=subprocess.PIPE, text=True, check=True)
    refused = "[Errno 64] Machine is not on the network"
    lines = done.stdout.splitlines()
    assert lines[:4] == [f"{each}: {refused}" for each in ("thread", "4", "6", "raw")]
    assert lines[4].startswith("name: [Errno -3]")
    assert lines[5:7] == ["local: socket socket", "io_uring: -1 38"]
    assert lines[-1] == f"OSError: {refused}"


def test_what_the_user_did_not_name_has_none_unless_she_says_so(monkeypatch: pytest.MonkeyPatch):
    typed, of_file = Grant("a", NamedBy.TYPED), Grant("b", NamedBy.FILE)
    monkeypatch.delenv(NETWORK, raising=False)
    assert is_wanted(())
    assert is_wanted((typed,))
    assert not is_wanted((typed, of_file))
    assert not is_wanted((Grant("c", NamedBy.DOCUMENT),))
    monkeypatch.setenv(NETWORK, "1")
    assert is_wanted((of_file,))
    monkeypatch.setenv(NETWORK, "0")
    assert not is_wanted((typed,))


def test_a_failure_for_want_of_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    error = OSError(64, "Machine is not on the network")
    assert run_error("loading", error).code != "stop.no_network", "nobody refused it"
    monkeypatch.setattr(network, "is_refused", lambda: True)
    found = run_error("loading", error)
    assert found.code == "stop.no_network"
    assert "allow the network" in found.hint
    assert run_error("loading", ValueError("something else")).code != "stop.no_network"
