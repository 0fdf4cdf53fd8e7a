"""A result that is opened knows the plan that it was made with, so that a run needs no other answers."""

from __future__ import annotations

from pathlib import Path

import msgspec

from qviz.document import codec
from qviz.document.configuration import Rule
from qviz.document.plan import Plan
from qviz.session.project import Project

OLD = codec.load(Path(__file__).parents[1] / "document" / "version_1" / "fx-static.json")
PLAN = Plan(
    source="net.py:Net",
    flow="fx-static",
    inputs=("x=1x3",),
    calibrate="data.npz",
    rules=(Rule("module_name", "conv"),),
)


def test_a_document_keeps_the_whole_plan():
    run = msgspec.structs.replace(OLD.run, source="net.py:Net", plan=PLAN)
    again = codec.decode(codec.encode(msgspec.structs.replace(OLD, run=run)))
    project = Project.of_snapshot(again)
    assert project.plan == PLAN
    assert project.received.plan == PLAN
    assert project.foreign_source == "net.py:Net"


def test_a_document_without_a_plan_has_source_and_flow():
    project = Project.of_snapshot(OLD)
    assert project.plan == Plan(source=OLD.run.source, flow=OLD.run.flow)
