"""What `qviz run` has reached is in a file beside its result, until that is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qviz.cli import INTERRUPTED, main
from qviz.document import codec
from qviz.document.snapshot import Stage
from qviz.wire.messages import Report, RunFinished, StageReached
from tests.factories import small_stages, snapshot

CAPTURED, CONVERTED = small_stages()
END = RunFinished(1, snapshot().run, (), {}, ())


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Iterator[Report]]], None]:
    """Let reports come from the test."""

    def speak(reports: Callable[[], Iterator[Report]]) -> None:
        class Engine:
            link = None

            def __enter__(self) -> Engine:
                return self

            def __exit__(self, *_error: Any) -> None: ...

            def send(self, _request: object) -> None: ...

            def reports(self) -> Iterator[Report]:
                return reports()

        monkeypatch.setattr("qviz.cli.runs.EngineClient", Engine)

    return speak


def run(folder: Path) -> int:
    return main(["run", "sample:conv-bn-relu", "--flow", "fx-static", "-o", str(folder / "out.qviz"), "--quiet"])


def reached(stage: Stage) -> StageReached:
    return StageReached(run_id=1, stage=stage, links=(), facts={})


def test_a_run_that_is_interrupted_leaves_what_it_reached(
    engine: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def reports() -> Iterator[Report]:
        yield reached(CAPTURED)
        raise KeyboardInterrupt

    engine(reports)
    assert run(tmp_path) == INTERRUPTED
    left = tmp_path / "out.unfinished.json"
    assert [each.name for each in tmp_path.iterdir()] == [left.name]
    kept = codec.load(left)
    assert [each.name for each in kept.stages] == ["captured"]
    assert kept.run.status == "failed"
    assert kept.run.error is not None
    assert kept.run.error.code == "stop.window"
    assert f"are in {left}." in capsys.readouterr().err


def test_it_is_on_disk_at_every_stage_and_gone_at_the_end(engine: Callable[..., None], tmp_path: Path):
    left, found = tmp_path / "out.unfinished.json", []

    def reports() -> Iterator[Report]:
        for stage in (CAPTURED, CONVERTED):
            yield reached(stage)
            found.append(len(codec.load(left).stages))
        yield END

    engine(reports)
    assert run(tmp_path) == 0
    assert found == [1, 2]
    assert [each.name for each in tmp_path.iterdir()] == ["out.qviz"]


def test_a_run_that_reached_nothing_leaves_nothing(engine: Callable[..., None], tmp_path: Path):
    def reports() -> Iterator[Report]:
        yield from ()
        raise KeyboardInterrupt

    engine(reports)
    assert run(tmp_path) == INTERRUPTED
    assert list(tmp_path.iterdir()) == []
