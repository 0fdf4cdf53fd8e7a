"""What a measurement says: the answer first, then tables in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import msgspec
import pytest

from qviz.analysis.ledger import LEDGER_FORMATS, answer, output_line, summary_line
from qviz.document.measurements import Alternative, BornNotFinite, InputRange, Measurements, Metric, OutputErrors
from qviz.document.said import Said
from tests.measured import ACTIVATION, LOST, OPERATOR, WEIGHT, ledger, measured, measured_run

CAUSE = Said("kept", {}, {"text": "channel 3 is 40 times wider than the rest"})


def test_the_answer_names_owner_cause_and_remedy():
    row = msgspec.structs.replace(WEIGHT, cause=CAUSE)
    told = answer(measured(ledger=ledger(row, ACTIVATION))).text
    assert told == (
        "layer1.0.conv1 weight owns 61 % of the noise: channel 3 is 40 times wider than the rest; per channel +9.1 dB"
    )


def test_a_yardstick_is_no_remedy():
    row = msgspec.structs.replace(WEIGHT, alternatives=(Alternative("sixteen_bits", 48.0),))
    assert answer(measured(ledger=ledger(row))).text == "layer1.0.conv1 weight owns 61 % of the noise"


def test_what_a_run_showed_counts_more_than_what_was_computed():
    worse = Alternative("mse", 12.0, verified_db=-3.0, offered=True)
    row = msgspec.structs.replace(WEIGHT, alternatives=(worse, Alternative("per_channel", 1.5, offered=True)))
    assert answer(measured(ledger=ledger(row))).text.endswith("; per channel +1.5 dB")


def test_float_is_the_last_resort_and_has_no_gain_that_says_anything():
    to_float = Alternative("float", "inf", offered=True)
    row = msgspec.structs.replace(WEIGHT, alternatives=(to_float, *WEIGHT.alternatives))
    assert answer(measured(ledger=ledger(row))).text.endswith("; per channel +9.1 dB")
    alone = msgspec.structs.replace(WEIGHT, alternatives=(to_float, Alternative("mse", 0.1, offered=True)))
    assert answer(measured(ledger=ledger(alone))).text.endswith("; leave it in float")


def test_what_costs_next_to_nothing_has_no_remedy():
    small = msgspec.structs.replace(WEIGHT, id="small", share=0.00003)
    lines = report("text", measured(ledger=ledger(WEIGHT, small))).splitlines()
    told = next(line for line in lines if "small" in line)
    assert told.startswith("< 0.01 %")
    assert "per channel" not in told


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (measured(prepared=3.0, ledger=ledger()), "Capture changed the outputs"),
        (measured(converted=2.0, operators=(OPERATOR,), ledger=ledger()), "prelu differs from its simulation"),
        (measured(converted=2.0, floor=30.0, ledger=ledger()), "The converted model differs from its simulation"),
        (measured(converted=2.0, floor=2.0, ledger=ledger()), "layer1.0.conv1 weight owns 61 %"),
        (measured(ledger=ledger(msgspec.structs.replace(WEIGHT, share=0.05))), "No quantizer owns much"),
        (
            measured(ledger=ledger(msgspec.structs.replace(WEIGHT, share=1.27))),
            "layer1.0.conv1 weight owns all of the noise; per channel +9.1 dB (alone it makes 127 %)",
        ),
        (measured(ledger=None), "The output SQNR of quantization is 14.3 dB"),
        (measured("inf", "inf", "inf", "inf"), "Quantization does not change"),
        (measured(None, None, None, None), "The outputs cannot be compared"),
        (
            msgspec.structs.replace(
                measured(None, None, 26.9, operators=(OPERATOR,)),
                not_finite=BornNotFinite("prepared", ("x",), "x", "nan"),
            ),
            "nan in the float model, first at x: what follows from it cannot be compared",
        ),
        (Measurements("example inputs", 1, 1, ()), "Nothing was measured"),
    ],
)
def test_the_answer_names_the_part_that_moved_the_outputs_most(made: Measurements, told: str):
    assert answer(made).text.startswith(told)


def report(name: str, made: Measurements | None = None, rows: int | None = None) -> str:
    return LEDGER_FORMATS[name].write(measured_run(made), rows)


def test_the_first_line_of_a_text_is_the_answer_and_the_table_is_sorted_by_share():
    lines = report("text").splitlines()
    assert lines[0] == "layer1.0.conv1 weight owns 61 % of the noise; per channel +9.1 dB"
    table = [re.split(r"\s{2,}", line) for line in lines if " %" in line][1:]
    assert [row[:2] for row in table[:3]] == [
        ["61 %", "layer1.0.conv1 weight"],
        ["30 %", "relu output"],
        ["9 %", "unexplained"],
    ]


def test_shares_that_do_not_add_up_are_said_to_and_telescoping_ones_stand_beside():
    told = report("text", measured(ledger=ledger(additivity=1.5)))
    assert "−50 %" in told
    assert "Not additive: +1.8 dB of interaction between the quantizers" in told
    assert "Telescoping" in told
    assert "55 %" in told
    added = report("text", measured(ledger=ledger(additivity=0.81)))
    assert "Not additive" not in added
    assert "Telescoping" not in added
    rows = tuple(msgspec.structs.replace(row, telescoped=None) for row in ledger().quantizers)
    estimated = report("text", measured(ledger=msgspec.structs.replace(ledger(additivity=1.5), quantizers=rows)))
    assert "--exact shows what each quantizer adds" in estimated
    assert "Telescoping" not in estimated


def test_an_estimate_of_which_every_quantizer_was_measured_alone_names_no_others():
    rows = tuple(msgspec.structs.replace(row, is_exact=True) for row in ledger().quantizers)
    made = msgspec.structs.replace(ledger(), method="estimate", quantizers=rows)
    told = report("text", measured(ledger=made))
    assert "Measured one quantizer at a time" in told
    assert "the others" not in told


def test_rows_beyond_the_limit_are_counted_with_their_share():
    told = report("text", rows=1)
    assert re.search(r"30 % +1 more quantizer\n", told)
    assert "relu output" not in told


def test_several_outputs_stand_apart_and_together():
    made = measured(ledger=ledger())
    heads = (OutputErrors("logits", 90.0, 30.0, "inf", 30.0), OutputErrors("boxes", 90.0, 3.0, "inf", 3.0))
    told = report("text", msgspec.structs.replace(made, outputs=heads))
    assert [line.split()[0] for line in told.splitlines() if re.match(r"(logits|boxes|all) ", line)] == [
        "logits",
        "boxes",
        "all",
    ]


def test_operators_inputs_second_calls_and_the_metric_are_told():
    made = measured(
        operators=(OPERATOR,),
        inputs=(InputRange("prepared", ("x",), 0.0, 255.0, 0.0, 1.0, 0.97),),
        metric=Metric("top1", 0.75, 0.5, None),
        not_measured=(LOST, Said("not_measured.new_thing", {}, {"type": "OSError"})),
    )
    second_calls = {"original": 12.0, "converted": "inf", "second": 11.0}
    told = report("text", msgspec.convert(msgspec.to_builtins(made) | {"repeat": second_calls}, Measurements))
    assert "prelu (the first)  quantized::prelu  46 %          146 steps" in told
    assert "x: values 0 … 255, calibrated 0 … 1; 97 % outside" in told
    assert "A second call of the original model with equal inputs differs: 12.0 dB" in told
    assert "second call of the converted" not in told
    assert "top1: original 0.75, simulated 0.5, converted ?" in told
    assert "The metric failed: KeyError: 'labels'" in told
    assert "New thing: OSError" in told, "what a newer engine could not measure"


def test_json_has_the_shape_that_is_promised():
    told = json.loads(report("json", measured(ledger=ledger(), operators=(OPERATOR,), not_measured=(LOST,))))
    first = told["quantizers"][0]
    assert {key: first[key] for key in ("nodes", "module", "kind", "share", "local_sqnr_db", "clipped", "cause")} == {
        "nodes": ["conv"],
        "module": "layer1.0.conv1",
        "kind": "weight",
        "share": 0.61,
        "local_sqnr_db": 14.2,
        "clipped": 0.02,
        "cause": None,
    }
    assert first["remedies"] == [{"name": "per_channel", "gain_db": 9.1, "offered": True}]
    assert told["unexplained"] == pytest.approx(0.09)
    assert told["output_sqnr_db"]["simulated"] == told["outputs"]["output"]["simulated"] == 14.3
    assert told["operators"][0]["target"] == "quantized::prelu"
    assert told["not_measured"][0]["text"] == "the metric failed: KeyError: 'labels'"


def test_csv_has_a_row_for_each_quantizer_with_plain_numbers():
    rows = list(csv.DictReader(io.StringIO(report("csv"))))
    assert [row["name"] for row in rows] == ["layer1.0.conv1 weight", "relu output", "unexplained"]
    assert (rows[0]["share"], rows[0]["remedy"], rows[0]["gain_db"]) == ("0.61", "per_channel", "9.1")


def test_markdown_shows_names_as_they_are():
    row = msgspec.structs.replace(WEIGHT, id="a_b|c*d weight")
    told = report("markdown", measured(ledger=ledger(row)))
    assert told.startswith("**a\\_b\\|c\\*d weight owns 61 % of the noise")
    tables = [line for line in told.splitlines() if line.startswith("|")]
    assert all(re.sub(r"\\.", "", line).count("|") == re.sub(r"\\.", "", tables[0]).count("|") for line in tables[:3])


def test_a_model_that_does_not_run_on_the_data_is_told_in_one_line():
    args: dict[str, Any] = {"type": "RuntimeError", "text": "mat1 and mat2"}
    said = Said("not_measured.converted", {}, args)
    made = msgspec.structs.replace(measured(total=None), not_measured=(LOST, said))
    told = "the outputs were not measured: the converted model does not run on the data: RuntimeError: mat1 and mat2"
    assert summary_line(made) == told
    assert summary_line(measured()) == output_line(measured())
    assert summary_line(None) == summary_line(measured(total=None)) == ""


def test_one_line_tells_the_output():
    assert output_line(None) == ""
    assert output_line(measured(total=None)) == ""
    assert output_line(measured(agreement=0.875)) == "output SQNR 14.3 dB, 87.5 % of the samples in the same class"
    assert output_line(measured("inf", "inf", "inf", "inf")) == "output SQNR ∞ dB"
    for agreement, told in ((1.0, "the same class"), (0.0, "another class")):
        one = msgspec.structs.replace(measured(agreement=agreement), samples=1)
        assert output_line(one) == f"output SQNR 14.3 dB, its one sample in {told}"
