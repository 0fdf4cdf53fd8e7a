"""What was allowed is what runs, and nothing beside it."""

from __future__ import annotations

import importlib
import os
import py_compile
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import msgspec
import pytest
import torch

from qviz import cli
from qviz.document.plan import Plan
from qviz.document.regular_files import open_once
from qviz.engine.loading.broker import permitting
from qviz.engine.loading.importing import import_name
from qviz.engine.loading.model_files import open_model
from qviz.engine.loading.tensor_files import read_tensors
from qviz.engine.serving.run import run_plan
from qviz.errors import QvizError
from qviz.sources.text import read_name
from qviz.trust.consent import Consent
from qviz.trust.grants import Grant, Permission
from qviz.trust.kept import KeptGrants
from qviz.trust.listing import lines, list_all
from qviz.trust.model_looks import look
from qviz.trust.references import NamedBy, code_refs, target_of, targets
from tests.trust.traps import MARKER, exported, marking, npy


def allowed(plan: Plan) -> Permission:
    return Permission(list_all(code_refs(plan, (), NamedBy.FILE)).grants)


def typed(text: str) -> Permission:
    return Permission((Grant(target_of(text), NamedBy.TYPED),))


@pytest.mark.parametrize("swapped", ["m.py", "near.py"])
def test_a_python_file_swapped_after_the_yes_does_not_run(tmp_path: Path, swapped: str):
    (tmp_path / "m.py").write_text("import near\ndef f(): return near.X\n")
    (tmp_path / "near.py").write_text("X = 1\n")
    permission = allowed(Plan(calibrate="m.py:f()"))
    (tmp_path / swapped).write_text(marking(tmp_path))
    with permitting(permission), pytest.raises(QvizError, match="has changed since you allowed it"):
        import_name(read_name("m.py:f()"), "function")
    assert not (tmp_path / MARKER).exists()


@pytest.mark.parametrize("name", ["a.pt", "a.pt2"])
def test_a_model_file_swapped_after_the_yes_does_not_run(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(exported())
    permission = allowed(Plan(str(path)))
    path.write_bytes(b"(S" + repr(marking(tmp_path)).encode() + b"\nibuiltins\nexec\n.")
    with permitting(permission), pytest.raises(QvizError, match="has changed since you allowed it"):
        open_model(Plan(str(path)))
    assert not (tmp_path / MARKER).exists()


def test_compiled_code_that_lies_about_is_never_taken(tmp_path: Path):
    source = tmp_path / "m.py"
    source.write_text(f"def f():\n    {marking(tmp_path)}")
    py_compile.compile(str(source), doraise=True)
    stamp = source.stat()
    source.write_text("def f(): return 1".ljust(stamp.st_size))
    os.utime(source, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    with permitting(allowed(Plan(calibrate="m.py:f"))):
        assert import_name(read_name("m.py:f"), "function")[1]() == 1
    assert not (tmp_path / MARKER).exists()


def importer(name: str, file: str) -> ModuleType:
    """Return a module of torch's, or of another package, that tries an optional import."""
    made = ModuleType(name)
    text = "def load(what):\n    try:\n        return __import__(what)\n    except ImportError:\n        return None\n"
    exec(compile(text, file, "exec"), made.__dict__)
    return made


@pytest.mark.parametrize("optional", ["z3", "opt_einsum_not_here", "pulp_not_here", "triton_not_here"])
def test_what_torch_tries_to_import_is_not_found_beside_the_model(tmp_path: Path, optional: str, monkeypatch):
    (tmp_path / f"{optional}.py").write_text(marking(tmp_path))
    (tmp_path / "m.py").write_text(f"def f(load): return load({optional!r})\ndef own(): import {optional}\n")
    torchs = importer("torch.fx.experimental.validator", "/usr/lib/torch/fx/experimental/validator.py")
    with permitting(typed("m.py:f")):
        _, ask = import_name(read_name("m.py:f"), "function")
        assert torchs.load(optional) is None
        assert ask(torchs.load) is None
        assert importlib.util.find_spec(optional) is None or optional in sys.modules
    assert not (tmp_path / MARKER).exists()
    with permitting(typed("m.py:own")):
        import_name(read_name("m.py:own"), "function")[1]()
    assert (tmp_path / MARKER).exists(), "the model's own import finds it"
    sys.modules.pop(optional, None)


def test_a_typed_file_may_import_what_its_text_does_not_name(tmp_path: Path):
    (tmp_path / "near.py").write_text("X = 3\n")
    (tmp_path / "m.py").write_text("import importlib\ndef f(): return importlib.import_module('ne' + 'ar').X\n")
    with permitting(typed("m.py:f")):
        assert import_name(read_name("m.py:f"), "function")[1]() == 3


def test_a_file_allowed_by_content_may_not_bring_others_along(tmp_path: Path):
    (tmp_path / "m.py").write_text("def f(): return 1\n")
    permission = allowed(Plan(calibrate="m.py:f"))
    (tmp_path / "late.py").write_text(marking(tmp_path))
    with permitting(permission):
        import_name(read_name("m.py:f"), "function")
        with pytest.raises(ImportError, match="is not among the files that you allowed"):
            exec(compile("import late", str(tmp_path / "m.py"), "exec"), {})
    assert not (tmp_path / MARKER).exists()


@pytest.mark.parametrize(("text", "value"), [("m.py:join('a', 'b')", "a/b"), ("m.py:A.make()", 2)])
def test_what_is_typed_may_be_an_imported_name_or_one_of_a_class(tmp_path: Path, text: str, value: object):
    (tmp_path / "m.py").write_text("from os.path import join\nclass A:\n    @staticmethod\n    def make(): return 2\n")
    name = read_name(text)
    with permitting(typed(text)):
        assert name.call(import_name(name, "function")[1]) == value


@pytest.mark.parametrize("text", ["m.py:torch.os.getcwd()", "m.py:os.getcwd()", "m.py:a.b"])
def test_not_even_typed_words_walk_through_what_is_no_class(tmp_path: Path, text: str):
    (tmp_path / "m.py").write_text("import os, torch\nclass A: b = 1\na = A()\n")
    with permitting(typed(text)), pytest.raises(QvizError, match="is not inside a class"):
        import_name(read_name(text), "function")


@pytest.mark.parametrize(
    "words",
    [
        ["pipe.pt", "--flow", "fx-static", "--trust"],
        ["pipe.pt2", "--flow", "pt2e-static", "--trust"],
        ["sample:residual", "--flow", "fx-static", "--config", "pipe.toml"],
        ["pipe.qviz"],
        ["pipe.json"],
    ],
)
def test_the_command_line_waits_for_no_pipe(words: list[str]):
    os.mkfifo(next(each for each in words if each.startswith("pipe")))
    assert cli.main(["check", *words]) == 2


def test_the_engine_waits_for_no_pipe(tmp_path: Path):
    for name in ("a.pt", "a.npz", "a.safetensors"):
        os.mkfifo(name)
        with permitting(Permission()), pytest.raises(QvizError, match="was not found"):
            read_tensors(tmp_path / name)
    os.mkfifo("m.py")
    with permitting(typed("m.py:f")), pytest.raises(QvizError, match="was not found"):
        import_name(read_name("m.py:f"), "function")


def test_a_look_at_a_program_lists_operators_inputs_and_members(tmp_path: Path):
    path = tmp_path / "net.pt2"
    path.write_bytes(exported())
    told = look(open_once(path))
    assert told.trouble == ()
    assert "torch.ops.aten.linear.default" in told.operators
    assert told.inputs == ("input 1×2",)
    assert any(each.name.endswith("model.json") for each in told.members)
    shown = lines(list_all(code_refs(Plan(str(path)), (), NamedBy.TYPED)))
    assert any("an exported graph: 1 operator; inputs input 1×2" in each for each in shown)


def test_a_formula_or_machine_code_in_a_program_is_told(tmp_path: Path):
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/models/model.json", '{"a": [{"expr_str": "__import__(\'os\').system(\'x\')"}]}')
        archive.writestr("net/data/aotinductor/model/a.so", b"\x7fELF")
    told = look(open_once(path))
    assert "a size is the formula __import__('os').system('x')" in told.trouble
    assert told.compiled == ("net/data/aotinductor/model/a.so",)


@pytest.mark.parametrize(
    "held",
    [
        torch.ones(2, 3),
        [torch.ones(2), torch.zeros(3, dtype=torch.int64)],
        {"x": torch.ones(4)[1:].t()},
        torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2)).state_dict(),
    ],
    ids=["tensor", "list", "dict", "state dict"],
)
def test_tensors_are_known_for_tensors_and_need_no_yes(tmp_path: Path, held: object):
    torch.save(held, tmp_path / "x.pt")
    assert look(open_once(tmp_path / "x.pt")).is_tensors
    with permitting(Permission()):
        assert read_tensors(tmp_path / "x.pt").tensors


def test_a_tensor_that_does_not_fit_its_bytes_is_not_opened(tmp_path: Path):
    torch.save(torch.ones(4), tmp_path / "x.pt")
    with zipfile.ZipFile(tmp_path / "x.pt") as good, zipfile.ZipFile(tmp_path / "y.pt", "w") as bad:
        for info in good.infolist():
            bad.writestr(info.filename, b"" if info.filename.endswith("data/0") else good.read(info))
    assert not look(open_once(tmp_path / "y.pt")).is_tensors
    with permitting(Permission()), pytest.raises(QvizError, match="may hold more than tensors"):
        read_tensors(tmp_path / "y.pt")


def test_items_set_on_what_is_no_dict_are_not_understood(tmp_path: Path):
    (tmp_path / "x.pt").write_bytes(b"\x80\x02K\x01(K\x01K\x02u.")
    told = look(open_once(tmp_path / "x.pt"))
    assert not told.is_tensors
    assert any("it sets items of what is no dict" in each for each in told.trouble)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_numpy_never_unpickles(tmp_path: Path, name: str):
    npy(tmp_path, tmp_path / "a.npy")
    if name == "a.npz":
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.write(tmp_path / "a.npy", "x.npy")
    with permitting(Permission()), pytest.raises(QvizError):
        read_tensors(tmp_path / name)
    assert not (tmp_path / MARKER).exists()


def test_grants_are_kept_by_content_listed_and_revoked(tmp_path: Path):
    (tmp_path / "m.py").write_text("def f(): ...\n")
    plan, kept = Plan("sample:residual", calibrate="m.py:f"), KeptGrants(tmp_path / "state" / "grants.json")
    consent = Consent(kept)
    listing = consent.listing(plan)
    consent.allow(listing)
    assert [each.target for each in consent.grants(plan)] == [f"{tmp_path}/m.py:f"]
    (only,) = kept.book.grants
    assert only.grant.files.keys() == {f"{tmp_path}/m.py"}
    assert [(each.source, each.keys) for each in kept.book.runs] == [("sample:residual", (only.grant.key,))]
    assert kept.path.stat().st_mode & 0o77 == 0, "nobody else's business"
    assert Consent(kept).listing(plan).asked == ()
    (tmp_path / "m.py").write_text("def f(): return 1\n")
    assert len(Consent(kept).listing(plan).asked) == 1
    (tmp_path / "m.py").write_text("def f(): ...\n")
    consent.revoke(only.grant.key)
    assert len(consent.listing(plan).asked) == 1


def test_a_question_has_one_screen_at_most(tmp_path: Path):
    imports = "".join(f"import near_{number}\n" for number in range(60))
    for number in range(60):
        (tmp_path / f"near_{number}.py").touch()
    (tmp_path / "m.py").write_text(f"{imports}def f(): ...\n")
    listing = list_all(code_refs(Plan(calibrate="m.py:f"), (), NamedBy.FILE))
    assert len(listing.grants[0].files) == 61
    shown = lines(listing)
    assert len(shown) == 24
    assert shown[-1] == "and 39 more lines"


def test_every_text_of_a_plan_that_could_name_code_is_looked_at():
    """A field that is added to plans and forgotten in the listing could never be allowed."""
    texts = {name for name, kind in get_type_hints(Plan).items() if kind in (str, str | None)} - {"flow", "backend"}
    fields = dict.fromkeys(texts, "m.py:f") | {"weights": "w.pt"}
    code = msgspec.convert(fields, Plan)
    assert {use for use, _ in targets(code)} >= texts - {"weights"}
    assert ("weights", str(Path("w.pt").absolute())) in targets(code)


@pytest.mark.parametrize("way", ["typed", "document"])
def test_what_stands_beside_the_model_is_allowed_with_it(tmp_path: Path, way: str):
    (tmp_path / "beside.py").write_text(
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.fc = torch.nn.Linear(4, 4)\n"
        "    def forward(self, x):\n        return self.fc(x)\n"
        "def train(model):\n    model(torch.ones(2, 4))\n"
        "example_inputs = (torch.ones(2, 4),)\n"
        "calibration_data = [(torch.ones(2, 4),)]\n"
        "def evaluation_data():\n    return [(torch.zeros(2, 4),)]\n"
    )
    plan = Plan(f"{tmp_path / 'beside.py'}:Net", flow="fx-qat")
    permission = typed(plan.source) if way == "typed" else allowed(plan)
    with permitting(permission):
        found = run_plan(plan, lambda report: None)
    assert found.run.error is None
    assert "training_demonstrated" not in {each.rule for each in found.findings}
    assert "import train" in found.run.python
