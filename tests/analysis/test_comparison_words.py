from __future__ import annotations

from qviz.analysis.verdicts.comparison_words import cells, explained, float_lines
from qviz.document.comparison import NOT_A_SPEED_MEASURE, FloatOperators, FlowRow, ModelSize, Time
from qviz.document.graph import SourceLine
from qviz.document.kept import kept_error

FLOATS = (
    FloatOperators("softmax", ("a",), "float.not_annotated"),
    FloatOperators("matmul", ("b", "c"), "float.not_annotated"),
    FloatOperators("add", ("d",), "float.no_mapping"),
)


def test_a_row_in_words():
    row = FlowRow(
        "fx-static",
        "done",
        low=("x", "y"),
        stays_float=FLOATS,
        size=ModelSize(1_260_000_000, 55_731),
        sqnr_db=30.715,
        time=Time(0.10297, 12.26),
        findings={"error": 1, "info": 2},
    )
    assert cells(row) == ("Converted", "2 of 6", "1.26 GB → 55.7 kB", "30.7 dB", "0.103 → 12.3 ms", "1 error, 2 infos")
    assert list(float_lines(row)) == [
        "1 softmax and 2 matmul in float: the quantizer did not annotate it",
        "1 add in float: convert has no replacement for it",
    ]


def test_what_was_not_measured_stays_empty():
    assert cells(FlowRow("fx-static", "done")) == ("Converted", "", "", "", "", "")
    simulated = FlowRow("pt2e-static", "done", low=("x",), sqnr_db="inf", no_time=NOT_A_SPEED_MEASURE)
    assert cells(simulated)[3:5] == ("∞ dB", "not a speed measure")


def test_a_failure_names_its_line_and_what_to_do():
    where = SourceLine("/home/me/model.py", 31, "if x.sum() > 0:")
    row = FlowRow("fx-static", "failed", kept_error("capturing", "TraceError", "it branches", "Move it.", where))
    assert cells(row)[0] == "Capture failed at line 31 of model.py"
    assert list(float_lines(row)) == ["it branches. Move it."]
    nowhere = FlowRow("fx-static", "died", kept_error("converting", "EngineDied", "ended", ""))
    assert cells(nowhere)[0] == "Engine died during conversion"


def test_one_reason_is_told_once_for_all_its_flows():
    rows = [FlowRow(flow, "done", stays_float=FLOATS[:1]) for flow in ("fx-static", "pt2e-static")]
    assert explained([*rows, FlowRow("fx-qat", "done", stays_float=FLOATS[2:])]) == [
        ("FX static, PT2E static", "1 softmax in float: the quantizer did not annotate it"),
        ("FX QAT", "1 add in float: convert has no replacement for it"),
    ]


def test_a_result_that_does_not_run_says_so():
    row = FlowRow("eager-static", "done", low=("x",), broken="no kernel for 'CPU'")
    assert cells(row)[0] == "Converted, fails when run"
    assert list(float_lines(row)) == ["The converted model fails when run: no kernel for 'CPU'"]
