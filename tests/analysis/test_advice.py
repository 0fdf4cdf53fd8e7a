from __future__ import annotations

from typing import Any

import pytest

from qviz.analysis.verdicts.advice import advise
from qviz.analysis.verdicts.claims import claims
from qviz.document.comparison import NOT_A_SPEED_MEASURE, FloatOperators, FlowRow, ModelSize, Time, died, waiting
from qviz.document.graph import SourceLine
from qviz.document.kept import kept_error
from qviz.document.said import Said

KILLED = Said("stop.engine.signal", {}, {"signal": "SIGKILL"})
HERE = SourceLine("/home/me/model.py", 31, "if x.sum() > 0:")


def row(flow: str, low: int = 0, stays_float: int = 0, **fields: Any) -> FlowRow:
    groups = (
        (FloatOperators("softmax", tuple(f"f{i}" for i in range(stays_float)), "float.no_pattern"),)
        if stays_float
        else ()
    )
    fields = {"status": "done", "stage": "converted", "sqnr_db": 40.0, **fields}
    return FlowRow(flow, low=tuple(f"n{i}" for i in range(low)), stays_float=groups, **fields)


def failed(flow: str, step: str = "capturing", source: SourceLine | None = HERE) -> FlowRow:
    return FlowRow(flow, "failed", kept_error(step, "TraceError", "no", "try", source))


BEST = row("pt2e-static", 41, 2, sqnr_db=30.0)
CASES = {
    "most operators, and what fails": (
        [row("fx-dynamic", 3, 40, sqnr_db=25.0), failed("fx-static"), BEST],
        "pt2e-static",
        "PT2E static captures the whole model and runs 41 of 43 operators in low precision. It has the highest SQNR. "
        "FX static failed at line 31 of model.py.",
    ),
    "one cause is told once": (
        [failed("fx-static"), failed("fx-dynamic"), failed("fx-qat"), BEST],
        "pt2e-static",
        "PT2E static captures the whole model and runs 41 of 43 operators in low precision. "
        "FX static, FX dynamic and FX QAT failed at line 31 of model.py.",
    ),
    "alone it is best in nothing": (
        [BEST],
        "pt2e-static",
        "PT2E static captures the whole model and runs 41 of 43 operators in low precision.",
    ),
    "an equal error is not the smallest": (
        [row("fx-static", 2), row("pt2e-static", 1, 1)],
        "fx-static",
        "FX static captures the whole model and runs all 2 operators in low precision.",
    ),
    "a bearable error goes before more operators": (
        [row("fx-static", 9, 1, sqnr_db=3.0), row("fx-dynamic", 5, 5, sqnr_db=35.0)],
        "fx-dynamic",
        "FX dynamic captures the whole model and runs 5 of 10 operators in low precision. It has the highest SQNR.",
    ),
    "a large error is said where there is no better": (
        [row("fx-static", 9, 1, sqnr_db=3.04)],
        "fx-static",
        "FX static captures the whole model and runs 9 of 10 operators in low precision. Its SQNR is low: 3.0 dB.",
    ),
    "an error that is not known is said": (
        [row("fx-static", 1, sqnr_db=None)],
        "fx-static",
        "FX static captures the whole model and runs its only quantizable operator in low precision. "
        "Its SQNR could not be measured.",
    ),
    "equal outputs are the smallest error": (
        [row("fx-static", 2, sqnr_db="inf"), row("pt2e-static", 2, sqnr_db=90.0)],
        "fx-static",
        "FX static captures the whole model and runs all 2 operators in low precision. It has the highest SQNR.",
    ),
    "a smaller file decides between equals; slower is said": (
        [
            row("fx-dynamic", 2, size=ModelSize(100, 50)),
            row("fx-static", 2, size=ModelSize(100, 30), time=Time(1.0, 1.52)),
        ],
        "fx-static",
        "FX static captures the whole model and runs all 2 operators in low precision. It gives the smallest file. "
        "It is not faster on this machine: 1.52 ms, in float 1 ms.",
    ),
    "the faster of two": (
        [row("fx-static", 2, time=Time(3.0, 1.0)), row("fx-dynamic", 1, 1, time=Time(3.0, 2.0))],
        "fx-static",
        "FX static captures the whole model and runs all 2 operators in low precision. "
        "It is the fastest of the flows that can be timed.",
    ),
    "what trained nothing stands back": (
        [row("fx-qat", 2, sqnr_db=60.0, is_demonstration=True), row("fx-dynamic", 1, 1)],
        "fx-dynamic",
        "FX dynamic captures the whole model and runs 1 of 2 operators in low precision.",
    ),
    "unless there is nothing else": (
        [row("fx-qat", 2, is_demonstration=True)],
        "fx-qat",
        "FX QAT captures the whole model and runs all 2 operators in low precision. Nothing was trained yet.",
    ),
    "nothing at all": (
        [
            row("fx-weight-only", 0, 4),
            failed("pt2e-static", "converting", None),
            died("fx-qat", "x", KILLED),
        ],
        None,
        "No flow runs an operator of this model in low precision. "
        "PT2E static failed during conversion. FX QAT ended the engine.",
    ),
    "what does not run is not advised": (
        [row("fx-static", 4, broken="no kernel"), row("fx-dynamic", 1, 3)],
        "fx-dynamic",
        "FX dynamic captures the whole model and runs 1 of 4 operators in low precision. "
        "FX static converted the model, but the result fails when run.",
    ),
}


@pytest.mark.parametrize(("rows", "flow", "text"), CASES.values(), ids=CASES)
def test_the_advice_says_what_the_rows_hold(rows, flow, text):
    advice = advise(rows)
    assert (advice.flow, advice.text) == (flow, text)


def test_the_advice_does_not_depend_on_the_order_of_the_rows():
    for rows, flow, _ in CASES.values():
        assert advise(rows[::-1]).flow == flow


def test_claims_stand_beside_what_was_measured():
    rows = [
        row("fx-static", 2, size=ModelSize(400, 100), time=Time(3.0, 1.0)),
        row("fx-dynamic", 1, 1, size=ModelSize(400, 200), time=Time(1.0, 2.0)),
        row("fx-weight-only", 0, 2, size=ModelSize(400, 10)),
        failed("pt2e-static"),
    ]
    assert [claim.measured for claim in claims(rows)] == [
        "4 times (FX static) to 2 times (FX dynamic)",
        "3 times (FX static) to 0.5 times (FX dynamic)",
        "This model: torch.fx yes, torch.export no, failed at line 31 of model.py",
    ]


def test_claims_say_what_was_not_measured():
    simulated = row("pt2e-static", 2, size=ModelSize(400, 100), no_time=NOT_A_SPEED_MEASURE)
    assert [claim.measured for claim in claims([simulated])] == [
        "4 times (PT2E static)",
        "Not measured: the flows that ran simulate integers in float",
        "This model: torch.fx not tried, torch.export yes",
    ]
    assert claims([failed("fx-static")])[0].measured == "Not measured: no flow got that far"


def test_flows_wait_until_they_have_a_row():
    assert waiting(("fx-static", "fx-qat", "pt2e-static"), [failed("fx-qat")]) == ("fx-static", "pt2e-static")
