"""`qviz measure` and `qviz repair` with the real engine, as docs/measure.md shows them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.end_to_end.test_commands import qviz

ROOT = Path(__file__).parents[2]
UNEVEN = ["sample:uneven", "--flow", "pt2e-static"]


def block(first: str) -> list[str]:
    """Return the lines of docs/measure.md behind a command."""
    text = (ROOT / "docs" / "measure.md").read_text(encoding="utf-8")
    return text.partition(f"$ {first}")[2].partition("```")[0].splitlines()[1:]


def test_the_page_shows_what_the_command_prints(tmp_path: Path):
    done = qviz(tmp_path, "measure", *UNEVEN)
    assert (done.returncode, done.stderr) == (0, "")
    told, shown = done.stdout.splitlines(), block("qviz measure sample:uneven --flow pt2e-static")
    assert told[0] == shown[0]
    assert told[0].startswith("filters weight owns ")
    assert told[3].split() == shown[3].split(), "the headings"


def test_json_has_the_shape_that_is_promised_and_the_same_bytes_twice(tmp_path: Path):
    done = [qviz(tmp_path, "measure", "sample:conv-bn-relu", "--flow", "fx-static", "--json") for _ in range(2)]
    assert done[0].returncode == 0, done[0].stderr
    assert done[0].stdout == done[1].stdout
    told = json.loads(done[0].stdout)
    assert {each["kind"] for each in told["quantizers"]} == {"weight", "activation"}
    shares = [each["share"] for each in told["quantizers"]]
    assert shares == sorted(shares, reverse=True)
    assert all(each["nodes"] and each["stage"] == "prepared" for each in told["quantizers"])
    assert abs(sum(shares) + told["unexplained"] - 1) < 1e-6
    assert set(told["output_sqnr_db"]) >= {"prepared", "simulated", "converted"}
    assert 20 < told["outputs"]["output"]["simulated"] < 60
    assert told["operators"] == told["not_measured"] == []


def test_a_result_keeps_what_was_measured_and_per_channel_is_better(tmp_path: Path):
    (tmp_path / "plan.toml").write_text("version = 1\n[quantizer_options]\nper_channel = true\n", encoding="utf-8")
    assert qviz(tmp_path, "run", *UNEVEN, "--measure", "-o", "before.qviz", "-q").returncode == 0
    assert qviz(tmp_path, "run", *UNEVEN, "--config", "plan.toml", "-o", "after.qviz", "-q").returncode == 0
    levels = []
    for name in ("before.qviz", "after.qviz"):
        done = qviz(tmp_path, "measure", name, "--json")
        assert done.returncode == 0, done.stderr
        levels.append(json.loads(done.stdout)["output_sqnr_db"]["total"])
    assert levels[1] > levels[0] + 6


def test_a_repair_writes_a_plan_that_reaches_the_target(tmp_path: Path):
    done = qviz(tmp_path, "repair", *UNEVEN, "--target", "25", "-o", "repaired.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 change reaches 25 dB: ")
    again = qviz(tmp_path, "run", "--config", "repaired.toml", "-o", "a.qviz", "--json")
    assert json.loads(again.stdout)["measurements"]["output_sqnr_db"]["simulated"] >= 25
