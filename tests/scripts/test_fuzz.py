"""The fuzzer finds what is wrong, makes the same again, and a short run of it finds nothing."""

from __future__ import annotations

import random
import signal
import time

import fuzz
import pytest

from qviz.errors import QvizError


def _raises(error: Exception):
    def read(_: bytes) -> None:
        raise error

    return read


def test_what_is_refused_in_words_is_no_fault_and_anything_else_is():
    assert fuzz.tried(_raises(QvizError("x", "y")), b"") == ("refused", "")
    answer, told = fuzz.tried(_raises(KeyError("z")), b"")
    assert answer == "fault"
    assert "KeyError: 'z' at test_fuzz.py" in told


def test_what_takes_too_long_is_a_fault(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fuzz, "HANG_SECONDS", 0.01)
    before = signal.signal(signal.SIGALRM, fuzz._too_long)
    try:
        answer, told = fuzz.tried(lambda _: time.sleep(30), b"")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert (answer, told[:9]) == ("fault", "HangError")


def test_a_short_run_is_the_same_again_and_finds_nothing(capsys: pytest.CaptureFixture[str], tmp_path):
    seeds = [b'{"a": [1, 2, {"b": "c"}]}', b"flow = 'fx-static'"]
    first, second = (
        [fuzz.damaged(each, chance) for each in seeds * 20] for chance in (random.Random(3), random.Random(3))
    )
    assert first == second
    assert len(set(first)) > 30
    assert fuzz.main(["--count", "600", "--seed", "5", "--keep", str(tmp_path / "faults")]) == 0
    assert "600 inputs" in capsys.readouterr().out
    assert not (tmp_path / "faults").exists()
