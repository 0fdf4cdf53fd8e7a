"""Findings as rows: where they are, what mends them, and as cells of a file."""

from __future__ import annotations

import msgspec

from qviz.analysis.inspecting.place_text import headline
from qviz.analysis.tables.finding_rows import count_text, finding_cells, finding_rows
from qviz.document.snapshot import Finding, FindingReference, Level
from tests.factories import inspected, small_stages, snapshot

FOUND = Finding.of("odd", Level.WARNING, "converted", ["fc", "dequantize", "gone"], message="it is odd", hint="mend it")


def test_a_row_names_the_places_in_the_order_of_the_nodes():
    (row,) = finding_rows([FOUND], inspected(snapshot()))
    assert row.places == ("fc", "dequantize", "gone")
    inside = msgspec.structs.replace(FOUND, nodes=("quantize_per_tensor", "conv"))
    (row,) = finding_rows([inside], inspected(snapshot(*small_stages())))
    assert row.places == ("quantize_per_tensor in fc", "block.conv")


def test_a_place_in_a_run_beside_names_that_run():
    beside = msgspec.structs.replace(FOUND, stage="converted · Run 2", nodes=("fc",))
    rows = finding_rows([FOUND, beside], None)
    assert [row.places[0] for row in rows] == ["fc", "Run 2: fc"]


def test_findings_of_two_results_are_counted_apart():
    beside = msgspec.structs.replace(FOUND, stage="converted · Run 2", nodes=("fc",))
    found = [FOUND, beside, msgspec.structs.replace(beside, rule="even")]
    assert count_text(found, ("converted · Run 2", "converted")) == "A 2 · B 1"
    assert count_text(found, ("converted", "converted · Run 2")) == "A 1 · B 2"
    assert count_text([FOUND], ("converted · Run 2", "converted")) == "A 0 · B 1"
    assert count_text([FOUND], ("captured", "converted")) == "1"
    assert count_text(found, ("captured · Run 2", "converted · Run 2")) == "3"
    assert count_text([], ("converted · Run 2", "converted")) == ""


def test_a_finding_of_the_whole_has_its_stage_as_its_place():
    (row,) = finding_rows([msgspec.structs.replace(FOUND, nodes=())], None)
    assert row.places == ("Converted",)


def test_a_patch_is_the_remedy():
    patched = msgspec.structs.replace(FOUND, args={**FOUND.args, "patch": "measure = true\n"})
    assert [row.remedy for row in finding_rows([patched, FOUND], inspected(snapshot()))] == ["measure = true\n", ""]


def test_what_follows_stands_under_its_cause():
    follows = Finding.of("then", Level.INFO, "converted", ["conv"], message="so")
    follows = msgspec.structs.replace(follows, because_of=FindingReference("odd", "converted", FOUND.nodes))
    (row,) = finding_rows([FOUND, follows], None)
    assert [each.finding.rule for each in row.consequences] == ["then"]


def test_a_file_has_all_of_a_finding():
    heads, rows = finding_cells([FOUND])
    told = dict(zip(heads, rows[0], strict=True))
    assert (told["level"], told["rule"], told["hint"]) == ("warning", "odd", "mend it")
    assert told["nodes"] == "fc dequantize gone"


def test_a_text_begins_with_a_capital_letter_unless_it_begins_with_a_node():
    found = Finding("rule", Level.INFO, "captured", ("conv", "fc"), "code")
    assert headline(found, "the model was in training mode") == "The model was in training mode"
    assert headline(found, "matmul stays in float") == "Matmul stays in float"
    assert headline(found, "conv stays in float") == "conv stays in float"
    assert headline(found, "layer1.0 stays in float") == "layer1.0 stays in float"
