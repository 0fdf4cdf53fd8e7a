"""A model that was saved whole names its classes: those in files beside it are listed, granted and imported with it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
import torch

from qviz import cli
from qviz.document import codec
from qviz.document.plan import Plan
from qviz.engine.loading.broker import permitting
from qviz.engine.loading.importing import forget
from qviz.engine.loading.model_files import open_model
from qviz.errors import QvizError
from qviz.trust.grants import Permission
from qviz.trust.imported import files_beside
from qviz.trust.listing import Listing, list_all
from qviz.trust.references import NamedBy, code_refs

NET = "import torch\nfrom blocks_of_mine import width\n\nclass Net(torch.nn.Linear):\n    pass\n"


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file whose class is in a file beside it, which imports from another one."""
    (tmp_path / "net_of_mine.py").write_text(NET)
    (tmp_path / "blocks_of_mine.py").write_text("width = 4\n")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        torch.save(importlib.import_module("net_of_mine").Net(4, 4), tmp_path / "net.pt")
    for name in ("net_of_mine", "blocks_of_mine"):
        del sys.modules[name]
    importlib.invalidate_caches()
    return tmp_path / "net.pt"


@pytest.fixture(autouse=True)
def _forgetting():
    yield
    forget()


def listed(path: Path) -> Listing:
    return list_all(code_refs(Plan(str(path), "fx-static"), (), NamedBy.TYPED), sys.path)


def test_the_question_lists_what_is_beside_with_its_own_imports(saved: Path):
    (entry,) = listed(saved).asked
    assert [Path(each.path).name for each in entry.files] == ["net.pt", "net_of_mine.py", "blocks_of_mine.py"]
    assert len(entry.grant.files) == 3


def test_a_yes_to_other_classes_beside_is_another_yes(saved: Path):
    before = listed(saved).asked[0].grant.key
    (saved.parent / "blocks_of_mine.py").write_text("width = 8\n")
    assert listed(saved).asked[0].grant.key != before


def test_nothing_of_python_or_its_packages_is_looked_for_beside(tmp_path: Path):
    for name in ("__main__", "collections", "torch", "numpy"):
        (tmp_path / f"{name}.py").write_text("")
    (tmp_path / "mine.py").write_text("")
    modules = ("__main__", "collections", "torch", "numpy", "mine", "mine.inner", "not a name", "../mine")
    assert files_beside(tmp_path / "net.pt", modules, sys.path) == (tmp_path / "mine.py",)


def test_it_runs_by_the_command_line(saved: Path, tmp_path: Path):
    out = tmp_path / "out.json"
    words = ["run", str(saved), "--flow", "fx-static", "--input", "2x4", "-o", str(out), "--quiet"]
    assert cli.main([*words, "--trust"]) == 0
    assert f"sys.path.append({str(tmp_path)!r})" in codec.load(out).run.python


def test_what_is_beside_may_not_have_changed_since_the_yes(saved: Path):
    grants = listed(saved).grants
    (saved.parent / "blocks_of_mine.py").write_text("raise SystemExit\n")
    with permitting(Permission(grants)), pytest.raises(QvizError, match="changed since you allowed"):
        open_model(Plan(str(saved), "fx-static"))


def test_what_was_not_allowed_is_not_imported(saved: Path):
    (grant,) = listed(saved).grants
    alone = type(grant)(grant.target, grant.origin, {str(saved): grant.files[str(saved)]})
    with permitting(Permission((alone,))), pytest.raises(QvizError, match="No module named 'net_of_mine'") as caught:
        open_model(Plan(str(saved), "fx-static"))
    assert "Its classes are in net_of_mine: put that beside the file" in caught.value.hint


def test_a_class_of_the_script_that_saved_it_is_told(tmp_path: Path):
    path = tmp_path / "net.pt"
    path.write_bytes(b"c__main__\nNoSuchNet\n.")
    with permitting(Permission(listed(path).grants)), pytest.raises(QvizError) as caught:
        open_model(Plan(str(path), "fx-static"))
    assert "The script that saved it defined the class itself" in caught.value.hint


def test_a_class_that_is_gone_is_told(saved: Path):
    (saved.parent / "net_of_mine.py").write_text("class Other:\n    pass\n")
    with permitting(Permission(listed(saved).grants)), pytest.raises(QvizError) as caught:
        open_model(Plan(str(saved), "fx-static"))
    assert "Its classes have changed since it was saved" in caught.value.hint
