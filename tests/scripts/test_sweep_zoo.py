"""The table of the models that people quantize counts what it shows."""

from __future__ import annotations

from sweep_zoo import Outcome, section

ROWS = {
    "BERT": {
        "pt2e-static": Outcome("", "", "", (), "", 24, 30),
        "fx-static": Outcome("ValueError", "a tracer", "stop.trace_proxy", ("pt2e-static",), "", 24, 30),
    },
    "OPT": {
        "pt2e-static": Outcome("RuntimeError", "", "stop.indices", ("skip_integers",), "", 25, 33),
        "fx-static": Outcome("ValueError", "", "stop.trace_branch", (), "stop.trace_branch", 0, 0),
    },
}


def test_what_is_through_is_counted_by_how_it_came_there():
    text = section(ROWS)
    assert "Of 4 runs torch finishes 1 as documented and 1 more with a recipe; qviz" in text
    assert "finishes 1, and 2 more with the remedy that it names, 1 of them in another flow." in text


def test_a_cell_tells_qviz_and_torch():
    lines = section(ROWS).splitlines()
    assert lines[-2] == "| BERT | 24/30 \\| done |  |  | *pt2e-static*: 24/30 \\| a tracer |"
    assert lines[-1] == (
        "| OPT | *skip_integers*: 25/33 \\| `RuntimeError` |  |  | `stop.trace_branch` \\| `ValueError` |"
    )
