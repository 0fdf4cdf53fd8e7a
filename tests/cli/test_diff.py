"""`qviz diff`: what it prints and ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qviz import cli
from qviz.document import codec
from qviz.document.graph import Kind, Quant
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Level, Snapshot, Stage
from tests.factories import node, qparams, snapshot, stage

FOUND = kept_finding("not_lowered", Level.ERROR, "converted", ("fc",), "fc: no kernel", "", "")


def with_node(given: Stage, node_id: str, **change: Any) -> Stage:
    nodes = tuple(msgspec.structs.replace(n, **change) if n.id == node_id else n for n in given.graph.nodes)
    return msgspec.structs.replace(given, graph=msgspec.structs.replace(given.graph, nodes=nodes))


def changed() -> Snapshot:
    captured, converted = snapshot().stages
    many = tuple(0.1 * i for i in range(1, 9))
    converted = with_node(converted, "fc", kind=Kind.OP, quant=Quant(output=qparams(0.04, 3)))
    converted = with_node(converted, "conv", quant=Quant(weight=qparams(many, (0,) * 8), output=qparams(0.01103, 0)))
    return snapshot(captured, converted, findings=[FOUND], config={"backend": "onednn", "rules": {"fc": "default"}})


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    codec.save(snapshot(), "a.qviz")
    codec.save(changed(), "b.json")


def test_equal_runs(capsys):
    assert cli.main(["diff", "a.qviz", "a.qviz", "--exit-code"]) == 0
    assert capsys.readouterr().out == "No difference.\n"


def test_the_text_names_what_changed(capsys):
    assert cli.main(["diff", "a.qviz", "b.json"]) == 0
    assert capsys.readouterr().out == (
        "config.backend: x86 → onednn\n"
        "config.rules.fc: — → default\n"
        "\n"
        "captured: 8 nodes, no difference\n"
        "\n"
        "converted: 9 nodes, 2 changed\n"
        "  quantized_op 2 → 1, op 1 → 2\n"
        "  ~ fc: kind quantized_op → op; weight dtype qint8 → —; output scale 0.02 → 0.04; output zero point 0 → 3\n"
        "  ~ conv: weight dtype — → quint8\n"
        "\n"
        "+ error not_lowered at converted: fc: fc: no kernel\n"
        "\n"
        "Operators in low precision: 2 of 2 → 1 of 1.\n"
    )


def test_channels_are_counted(capsys):
    one = changed()
    scales = (0.1, 0.2, *(0.3 * i for i in range(3, 9)))
    conv = Quant(weight=qparams(scales, (0,) * 8), output=qparams(0.01103, 0))
    other = msgspec.structs.replace(one, stages=(one.stages[0], with_node(one.stages[1], "conv", quant=conv)))
    codec.save(other, "c.json")
    assert cli.main(["diff", "b.json", "c.json"]) == 0
    assert "  ~ conv: weight scale of 6 of 8 channels, by up to 200 %\n" in capsys.readouterr().out


def test_json_is_the_whole_difference(capsys):
    assert cli.main(["diff", "a.qviz", "b.json", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["format"], told["version"], told["same"]) == ("qviz-diff", 1, False)
    assert told["settings"][0] == {"name": "config.backend", "a": "x86", "b": "onednn"}
    assert [each["name"] for each in told["stages"]] == ["captured", "converted"]
    assert told["stages"][1]["changed"][0]["aspects"][0] == {"name": "kind", "a": "quantized_op", "b": "op"}
    assert told["new"][0]["rule"] == "not_lowered"
    assert told["coverage_b"] == {"stage": "converted", "low": 1, "total": 1}


def test_the_tolerance_lets_small_changes_pass(capsys):
    captured, converted = snapshot().stages
    moved = Quant(input=qparams(0.01103 * 1.05, 0))
    codec.save(snapshot(captured, with_node(converted, "dequantize", quant=moved)), "c.json")
    words = ["diff", "a.qviz", "c.json", "--exit-code", "--quiet"]
    assert cli.main(words) == 1
    assert cli.main([*words, "--tolerance", "0.1"]) == 0
    assert capsys.readouterr().out == ""


def test_what_is_no_result_is_refused(capsys):
    Path("c.json").write_text("{}")
    assert cli.main(["diff", "a.qviz", "c.json"]) == 2
    assert cli.main(["diff", "a.qviz", "none.qviz"]) == 2
    assert cli.main(["diff", "a.qviz"]) == 2
    assert "c.json is JSON, but not a qviz document" in capsys.readouterr().err


def test_rules_are_told_one_by_one(capsys):
    fc, conv, relu = ({"rule": f"set_module_name('{name}', None)", "matched": 1} for name in ("fc", "conv", "relu"))
    codec.save(snapshot(config={"backend": "x86", "rules": [fc, conv]}), "c.json")
    codec.save(snapshot(config={"backend": "x86", "rules": [conv, relu]}), "d.json")
    assert cli.main(["diff", "c.json", "d.json"]) == 0
    assert capsys.readouterr().out.startswith(
        "- config.rules: rule set_module_name('fc', None), matched 1\n"
        "+ config.rules: rule set_module_name('relu', None), matched 1\n\n"
    )
    codec.save(snapshot(config={"backend": "x86", "rules": [conv, fc]}), "e.json")
    assert cli.main(["diff", "c.json", "e.json"]) == 0
    assert capsys.readouterr().out.startswith("config.rules: the same entries in another order\n\n")


def test_a_number_that_went_to_another_node_is_told(capsys):
    x, fc = node("x", kind="input"), node("fc", "x", path="fc", type="Linear")
    for name, watched in (("c.json", "x"), ("d.json", "fc")):
        codec.save(snapshot(stage("prepared", x, fc, node("post_0", watched, kind="observer"))), name)
    assert cli.main(["diff", "c.json", "d.json"]) == 0
    told = capsys.readouterr().out
    assert "  - post_0 (at another place)\n  + post_0 (at another place)\n" in told


def test_long_lists_are_cut(capsys):
    many = [node(f"n{i}", path=f"m{i}", type="Linear") for i in range(30)]
    low = [msgspec.structs.replace(each, kind=Kind.QUANTIZED_OP) for each in many]
    for name, nodes in (("c.json", many), ("d.json", low), ("e.json", many[:1])):
        codec.save(snapshot(stage("captured", *nodes)), name)
    assert cli.main(["diff", "c.json", "d.json"]) == 0
    assert "  and 10 more changed (--json lists all)\n" in capsys.readouterr().out
    assert cli.main(["diff", "c.json", "e.json"]) == 0
    assert "n12 and 17 more\n" in capsys.readouterr().out
