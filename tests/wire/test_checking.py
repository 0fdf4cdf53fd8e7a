"""What an engine says is checked whole: each report by itself, and against the stages that came before it."""

from __future__ import annotations

import msgspec
import pytest

from qviz.document.comparison import FlowRow, ModelSize
from qviz.document.kept import kept_error, kept_link
from qviz.document.snapshot import Facts, Finding, Level, Run
from qviz.trust.listing import ListedRef, Listing
from qviz.trust.references import CodeRef, NamedBy
from qviz.wire.framing import WireError, pack, report_reader
from qviz.wire.messages import (
    CodeListed,
    FlowCompared,
    ModelLoaded,
    Report,
    RunFinished,
    RunRejected,
    StageReached,
    StepStarted,
)
from tests.factories import node, stage
from tests.measured import WEIGHT, ledger, measured

FIRST = StageReached(1, stage("captured", node("x"), node("y")), {"x": Facts()}, ())
LINK = kept_link("captured", "prepared", ("x",), ("x",), "same", 1.0, "same")
SECOND = StageReached(1, stage("prepared", node("x")), {}, (LINK,))
RUN = Run("m.py:Net", "fx-static", "done", {}, {}, "")
FOUND = Finding.of("own", Level.INFO, "prepared", ["x"], message="there")
END = RunFinished(1, RUN, (FOUND,), {}, ())


def read(*reports: Report) -> list[Report]:
    return [*report_reader().feed(b"".join(map(pack, reports)))]


def test_a_sound_run_is_read_and_then_another():
    again = [msgspec.structs.replace(each, run_id=2) for each in (FIRST, SECOND, END)]
    assert read(FIRST, SECOND, END, *again) == [FIRST, SECOND, END, *again]
    assert read(FIRST, RunRejected(1, "no", "", 2), FIRST), "what was rejected begins anew"


@pytest.mark.parametrize(
    ("reports", "told"),
    [
        ((SECOND,), "a link names the stage captured"),
        ((FIRST, FIRST), "two stages have the same name"),
        ((FIRST, msgspec.structs.replace(SECOND, facts={"y": Facts()})), "a fact names the node y of prepared"),
        ((FIRST, msgspec.structs.replace(SECOND, run_id=2)), "a link names the stage captured"),
        ((FIRST, END), "a finding names the stage prepared"),
        ((FIRST, SECOND, END, END), "a finding names the stage prepared"),
        ((RunFinished(1, RUN, (), {}, (), measured(ledger=ledger(WEIGHT))),), "names the stage captured"),
        ((RunFinished(1, msgspec.structs.replace(RUN, status="failed"), (), {}, ()),), "failed, without an error"),
        ((msgspec.structs.replace(END, findings=(), run=msgspec.structs.replace(RUN, error=kept_error(
            "convert", "E", "x", "y"))),), "done, with an error"),
        ((RunRejected(1, "no", "", 99),), "no rejected run ends with 99"),
        ((RunRejected(1, "no", "", 0),), "no rejected run ends with 0"),
        ((RunRejected(1, "no", "", 1),), "no rejected run ends with 1"),
        ((StepStarted(1, "x", -1, 2),), "done is -1"),
        ((ModelLoaded(1, "Net", 1, -4, 1, ()),), "parameters is -4"),
        ((ModelLoaded(1, "Net", 1, 1, 1, (), None, ((".".join("a" * 200), "A"),)),), "modules nested 199 deep"),
        ((FlowCompared(1, FlowRow("fx-static", "done", size=ModelSize(4, 0))),), "not above zero"),
        ((CodeListed(1, Listing((ListedRef(CodeRef(NamedBy.FILE, "m:f", "odd"), (), True),))),), "code for odd"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused(reports: tuple[Report, ...], told: str):
    with pytest.raises(WireError, match=told):
        read(*reports)
