"""Whatever a result calls its things, what is exported of it is well-formed and does nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qviz.analysis.ledger.formats import LEDGER_FORMATS
from qviz.analysis.tables.delimited import csv_text, tab_separated
from qviz.analysis.tables.finding_rows import finding_cells
from qviz.analysis.verdicts.verdict import judge
from qviz.api import Result
from qviz.cli.reports import REPORT_FORMATS
from qviz.document import codec
from qviz.session.scopes import Scope
from qviz.ui.export import files
from qviz.ui.export.choice import ExportChoice, file_name
from qviz.ui.export.look import PictureLook
from qviz.ui.export.picture import Picture
from tests import hostile

SEEDS_OF_SWEEP = 400  # with five formats each, 2,000 exports


def picture(seed: int) -> Picture:
    """Return the picture of a hostile result: all of its stages, with changes, numbers, columns or without."""
    run = hostile.hostile_run(seed)
    theme = ("light", "dark", "print")[seed % 3]
    look = PictureLook(theme, has_numbers=bool(seed % 2), columns=1 + seed % 2, has_labels=seed % 7 > 0)
    scope = Scope(is_changes=seed % 5 == 0, shows_changes=seed % 5 == 1)
    return Picture(run, [each.name for each in run.stages], look, scope=scope, engine="graphlay")


def check_pictures(seed: int) -> int:
    """Check every format; return how many there are."""
    for ending, check in hostile.CHECKS.items():
        check(files(picture(seed), ending, f"a{ending}")[f"a{ending}"])
    return len(hostile.CHECKS)


def check_texts(seed: int) -> None:
    """Check the tables and reports."""
    run = hostile.hostile_run(seed)
    hostile.check_csv(csv_text(*finding_cells(run.findings)))
    hostile.check_csv(LEDGER_FORMATS["csv"].write(run, None))
    hostile.check_json(LEDGER_FORMATS["json"].write(run, None))
    lines = tab_separated(*finding_cells(run.findings)).split("\n")
    assert len(lines) == len(run.findings) + 2
    assert not [cell for each in lines for cell in each.split("\t") if re.match(r'[\s"]*[=+@]|"', cell)]
    verdict = judge(run, "never")
    hostile.check_xml(REPORT_FORMATS["junit"].write(verdict, Path.cwd()))
    hostile.check_sarif(REPORT_FORMATS["sarif"].write(verdict, Path.cwd()))
    hostile.check_shown(REPORT_FORMATS["text"].write(verdict, Path.cwd()))
    hostile.check_shown(LEDGER_FORMATS["text"].write(run, None))
    result = Result(run)
    assert result.ledger is not None
    hostile.check_shown(f"{result!r}\n{result.ledger!r}")
    hostile.check_xml(f"<a>{result.ledger._repr_html_()}</a>")
    assert codec.decode(codec.encode(run)) is not None


@pytest.mark.parametrize("seed", range(5))
def test_what_is_exported_of_a_hostile_result_is_inert(qapp, seed, tmp_path):
    check_pictures(seed)
    check_texts(seed)


def test_readers_open_a_hostile_pdf(qapp, tmp_path):
    for seed in range(3):
        hostile.open_pdf(files(picture(seed), ".pdf", "a.pdf")["a.pdf"], tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_2000_hostile_exports(qapp, tmp_path):
    assert sum(map(check_pictures, range(SEEDS_OF_SWEEP))) == 2000
    for seed in range(SEEDS_OF_SWEEP):
        check_texts(seed)
    for seed in range(0, SEEDS_OF_SWEEP, 20):
        hostile.open_pdf(files(picture(seed), ".pdf", "a.pdf")["a.pdf"], tmp_path)


@pytest.mark.parametrize("name", hostile.NAMES)
def test_a_suggested_file_name_is_one_of_this_folder(name):
    made = file_name(f"model.py:{name}", ExportChoice("whole", (name,), ending=".svg"))
    assert Path(made).name == made
    assert len(made.encode()) < 200
    assert made.partition(".")[0].strip().upper() not in {"", "CON", "NUL", "PRN", "AUX", "COM1", "LPT1"}


def test_two_names_that_look_alike_are_two_boxes_of_dot(qapp):
    from qviz.ui.export.dot import _id

    alike = ("a\u200b", "a\\u200b", "x" * 9000, "x" * 8999 + "y")
    assert len({_id(0, each) for each in alike}) == 4
    assert max(len(_id(0, each)) for each in alike) < 16_384
