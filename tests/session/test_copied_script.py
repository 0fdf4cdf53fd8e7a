from __future__ import annotations

import ast

from msgspec.structs import replace

from qviz.document import plan_file
from qviz.session.copied_script import copied_script
from qviz.session.kept_runs import ShelvedRun
from qviz.session.project import Project
from qviz.session.tried_choice import tried_run
from tests.factories import snapshot

HOSTILE = "import os\nos.system('x')\r\u2028os.system('y')\x0cos.system('z')\n\u202etxet"


def test_the_script_of_a_file_is_nothing_that_runs():
    made = snapshot()
    project = Project.of_snapshot(replace(made, run=replace(made.run, source='m.py:f(\'"""\n\')', python=HOSTILE)))
    text = copied_script(project)
    tree = ast.parse(text)
    assert [ast.unparse(each)[:15] for each in tree.body] == [
        "import subproce",
        "from pathlib im",
        "Path('again.tom",
        "subprocess.run(",
    ]
    assert "# os.system('y')" in text
    assert not {"\u202e", "\u2028", "\x0c"} & set(text)
    written = tree.body[2]
    assert isinstance(written, ast.Expr)
    assert isinstance(written.value, ast.Call)
    assert plan_file.read(ast.literal_eval(written.value.args[0])) == project.plan


def test_the_script_of_ones_own_run_is_copied_as_it_is():
    project = replace_foreign(Project.of_snapshot(snapshot()))
    assert project.snapshot is not None
    assert copied_script(project) == project.snapshot.run.python


def replace_foreign(project: Project) -> Project:
    import dataclasses

    return dataclasses.replace(project, foreign_source=None)


def test_a_run_that_can_be_tried_has_the_same_script():
    made = snapshot(python="os.system('x')\n")
    tried = tried_run(ShelvedRun(1, Project.of_snapshot(made)))
    assert tried.python == copied_script(Project.of_snapshot(made))
    assert "\nos.system" not in tried.python
