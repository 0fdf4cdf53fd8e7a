"""Messages survive any way of cutting the stream; anything else is refused, never misread."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qviz.document.plan import Plan
from qviz.wire import framing
from qviz.wire.framing import WireError, pack, report_reader, request_reader
from qviz.wire.messages import EngineReady, ModelLoaded, RunRejected, StepStarted

texts = st.text(st.characters(codec="utf-8"), max_size=20)
reports = st.one_of(
    st.builds(EngineReady, versions=st.dictionaries(texts, texts, max_size=2), backends=st.tuples(texts)),
    st.builds(
        ModelLoaded,
        run_id=st.integers(0, 99),
        type=texts,
        modules=st.integers(0, 99),
        parameters=st.integers(0, 10**9),
        bytes=st.integers(0, 10**9),
        inputs=st.tuples(texts),
        file=st.one_of(st.none(), texts),
        tree=st.tuples(st.tuples(texts, texts)),
    ),
    st.builds(StepStarted, run_id=st.integers(0, 99), step=texts, done=st.integers(0, 9), total=st.integers(0, 9)),
    st.builds(RunRejected, run_id=st.integers(0, 99), text=texts, hint=texts, exit_code=st.sampled_from((2, 3, 4, 70))),
)


@given(st.lists(reports, max_size=5), st.data())
def test_any_cut_gives_the_same_messages(messages, data):
    stream = b"".join(pack(message) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = report_reader()
    read: list[Any] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        read += reader.feed(stream[start:end])
    assert read == messages


@given(st.binary(max_size=60))
def test_noise_is_refused_or_waited_for(noise):
    reader = report_reader()
    try:
        assert list(reader.feed(noise)) == []
    except WireError:
        return
    head = noise.split(b"\n")[0]
    assert head.isdigit() or len(head) < 11, "only an unfinished frame may wait"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"hello world\n", "begin with its length"),
        (b"hello\n", "begin with its length"),
        (b"-5\n", "begin with its length"),
        (b"\n", "begin with its length"),
        (b"9999999999\n", "above the limit"),
        (b"3\nabc", "could not be read"),
        (b'23\n{"message": "Unheard"}xx', "could not be read"),
        (b"2\n{}", "could not be read"),
    ],
)
def test_what_is_no_message_is_refused(data, told):
    with pytest.raises(WireError, match=told):
        list(report_reader().feed(data))


def test_messages_before_the_noise_arrive():
    reader, message = report_reader(), StepStarted(1, "prepare")
    arriving = reader.feed(pack(message) + b"noise of a library\n")
    assert next(arriving) == message
    with pytest.raises(WireError):
        next(arriving)


def test_a_frame_above_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(framing, "MAX_MESSAGE_BYTES", 10)
    with pytest.raises(WireError, match="a message of 11 bytes"):
        list(report_reader().feed(b"11\n"))


def test_a_report_is_no_request():
    from qviz.wire.messages import RunFlow

    assert list(request_reader().feed(pack(RunFlow(1, Plan("sample:x"))))) == [RunFlow(1, Plan("sample:x"))]
    with pytest.raises(WireError):
        list(request_reader().feed(pack(StepStarted(1, "x"))))


def test_a_large_stage_is_read_in_pieces(monkeypatch):
    from qviz.wire.messages import StageReached
    from tests.factories import small_stages

    monkeypatch.setattr(framing, "LARGE_BYTES", 1)
    message = StageReached(3, small_stages()[1], {}, ())
    assert list(report_reader().feed(pack(message) + pack(StepStarted(3, "x")))) == [message, StepStarted(3, "x")]
    with pytest.raises(WireError, match="could not be read"):
        list(report_reader().feed(pack(message).replace(b'"run_id":3', b'"run_id":x')))
