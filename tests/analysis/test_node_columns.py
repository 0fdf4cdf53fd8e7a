"""The rows of the table of nodes: what they show, their order, and as text for other programs."""

from __future__ import annotations

import csv
import io

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from qviz.analysis.tables.delimited import csv_text, tab_separated
from qviz.analysis.tables.node_columns import COLUMNS, column_at, node_rows, ordered
from qviz.analysis.tables.node_figures import NodeFigures
from qviz.analysis.verdicts.summary import summarize
from qviz.document.measurements import QuantizerNoise
from qviz.document.snapshot import Link
from qviz.words.visible import one_line
from tests.factories import inspected, node, observed, small_links, small_stages, snapshot, stage
from tests.measured import ledger, measured


def texts(figures: NodeFigures, node_id: str) -> dict[str, str]:
    found = next(each for each in figures.nodes if each.id == node_id)
    return {column.code: column.text(figures, found) for column in COLUMNS}


def test_a_row_tells_what_is_known_and_leaves_the_rest_empty():
    stages = small_stages()
    run = msgspec.structs.replace(snapshot(*stages, links=small_links()), summary=summarize(stages, small_links(), {}))
    figures = NodeFigures(inspected(run), stages[1])
    assert texts(figures, "fc") == {
        "node": "fc",
        "module": "fc",
        "kind": "linearrelu",
        "dtype": "qint8",
        "scale": "0.02",
        "range": "0 … 5.1",
        "sqnr_db": "",
        "share": "",
        "bytes": "",
    }


def test_noise_stands_at_the_operator_and_at_what_casts_for_it():
    prepared = stage("prepared", node("conv"), node("obs", "conv", kind="observer"))
    converted = stage("converted", node("conv"), node("q", "conv", kind="quantize"))
    links = [
        Link("prepared", "converted", (a,), (b,), "replaced", 1.0, "test") for a, b in (("conv", "conv"), ("obs", "q"))
    ]
    row = QuantizerNoise("conv output", "prepared", ("obs",), "", "activation", 8, share=0.25, local_db=40.0)
    weight = QuantizerNoise("w", "prepared", ("conv",), "", "weight", 8, share=0.5, local_db=30.0, asked_by=("conv",))
    run = msgspec.structs.replace(
        snapshot(prepared, converted, links=links, facts={"prepared": {"obs": observed(-1.0, 2.0)}}),
        measurements=measured(ledger=ledger(weight, row)),
    )
    after = NodeFigures(inspected(run), converted)
    assert [texts(after, each)["share"] for each in ("conv", "q")] == ["75.0 %", "25.0 %"]
    assert [texts(after, each)["sqnr_db"] for each in ("conv", "q")] == ["30.0 dB", "40.0 dB"]
    assert after.owning == {"conv"}
    before = NodeFigures(inspected(run), prepared)
    assert texts(before, "obs")["range"] == "−1 … 2"


def test_a_file_has_numbers_and_both_ends_of_a_range():
    figures = NodeFigures(inspected(snapshot()), small_stages()[1])
    heads, rows = node_rows(figures, [4])
    told = dict(zip(heads, rows[0], strict=True))
    assert (told["node"], told["scale_min"], told["scale_max"], told["share"]) == ("fc", 0.02, 0.02, None)


@given(st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=12), st.booleans())
def test_rows_of_which_nothing_is_known_come_last_and_equal_ones_stay(values: list[int | None], is_descending: bool):
    found = ordered(range(len(values)), [(values, is_descending)])
    known = [row for row in found if values[row] is not None]
    assert found == known + [row for row in range(len(values)) if values[row] is None]
    keys = [(-1 if is_descending else 1) * (values[row] or 0) for row in known]
    assert [*zip(keys, known, strict=True)] == sorted(zip(keys, known, strict=True))


def test_a_second_key_orders_what_the_first_leaves_equal():
    kinds, sizes = ["b", "a", "a"], [1, 1, 2]
    assert ordered([0, 1, 2], [(kinds, False), (sizes, True)]) == [2, 1, 0]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))), max_size=4))
def test_a_file_of_rows_reads_as_it_was_written(rows: list[list[str]]):
    read = [*csv.reader(io.StringIO(csv_text(["a"], [row for row in rows if row]), newline=""))]

    def plain(text: str) -> str:
        """Return a text without the apostrophes that keep spreadsheets from computing it, or a part of it."""
        return text.removeprefix("'").replace(";'", ";")

    expected = [[plain(one_line(cell)) for cell in row] for row in rows if row]
    assert [[plain(cell) for cell in row] for row in read[1:]] == expected


def test_no_spreadsheet_computes_a_name():
    assert csv_text(["node"], [["=1+1"], [-0.5]]).splitlines() == ["node", "'=1+1", "-0.5"]
    assert csv_text(["=a"], [["conv;=1+1"], ["a; b"]]).splitlines() == ["'=a", "conv;'=1+1", "a; b"]


def test_copied_rows_have_five_digits_and_no_line_breaks_inside():
    assert tab_separated(["=a\n"], [['"=1+1"']]) == "'=a\n'\"=1+1\"\n"
    assert tab_separated(["a", "b"], [[0.123456789, "x\ty\nz"], [None, 3]]) == "a\tb\n0.12346\tx y z\n\t3\n"


def test_columns_are_found_by_their_code():
    assert COLUMNS[column_at("bytes")].code == "bytes"
