"""A run that ends half-way leaves the stages that arrived."""

from __future__ import annotations

from qviz.document.graph import Graph
from qviz.document.kept import kept_error, kept_link
from qviz.document.plan import Plan
from qviz.document.snapshot import Facts, ObserverFact, Run, Stage
from qviz.wire.assembly import Assembly
from qviz.wire.messages import RunFinished, StageReached

EMPTY = Graph((), (), ())
FACTS = {"obs": Facts(observer=ObserverFact(min=0.0, max=1.0))}
LINK = kept_link("captured", "prepared", ("x",), ("x",), "same", 1.0, "same name")


def assembled() -> Assembly:
    assembly = Assembly(Plan("m.py:net", "fx-static"))
    assembly.add(StageReached(1, Stage("captured", EMPTY), {}, ()))
    assembly.add(StageReached(1, Stage("prepared", EMPTY), FACTS, (LINK,)))
    return assembly


def test_a_finished_run():
    run = Run("m.py:net", "fx-static", "done", {"seed": 0}, {"torch": "2"}, "import torch")
    snapshot = assembled().finished(RunFinished(1, run, (), {"n": 1}, ("a note",)))
    assert [stage.name for stage in snapshot.stages] == ["captured", "prepared"]
    assert (snapshot.run, snapshot.links, snapshot.notes) == (run, (LINK,), ("a note",))
    assert snapshot.facts == {"prepared": FACTS}, "a stage without facts has no entry"


def test_a_cancelled_run_keeps_its_stages():
    snapshot = assembled().interrupted()
    assert (snapshot.run.status, snapshot.run.error) == ("cancelled", None)
    assert (snapshot.run.source, snapshot.run.flow) == ("m.py:net", "fx-static")
    assert len(snapshot.stages) == 2


def test_a_run_whose_engine_died_is_failed():
    error = kept_error("convert", "EngineDied", "the engine was ended by SIGKILL", "Run it again.")
    assert assembled().interrupted(error).run.error is error
    assert Assembly(Plan("x")).interrupted(error).run.status == "failed"
