"""A yes covers what the question listed, under whatever name it comes back."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import py_compile
import struct
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch

from qviz.document.baseline import read_baseline
from qviz.document.plan import Plan
from qviz.document.regular_files import open_once
from qviz.document.writing import digest
from qviz.engine.loading.broker import permitting
from qviz.engine.loading.foreign_files import refuse
from qviz.engine.loading.importing import import_name
from qviz.engine.loading.tensor_files import read_tensors
from qviz.errors import QvizError
from qviz.sources.candidates import candidates
from qviz.sources.model_list import listed_models
from qviz.sources.text import read_name
from qviz.trust.consent import Consent
from qviz.trust.grants import Grant, Permission
from qviz.trust.kept import KeptGrants
from qviz.trust.listing import Listing, list_all
from qviz.trust.model_looks import look
from qviz.trust.references import NamedBy, code_refs
from qviz.wire import interpreter
from tests.trust.traps import MARKER, exported, marking


def listing(plan: Plan, installed: tuple[str, ...] = ()) -> Listing:
    return list_all(code_refs(plan, (), NamedBy.FILE), installed)


@pytest.mark.parametrize("fields", [("calibrate", "metric"), ("evaluate", "executor"), ("inputs", "fuser")])
def test_a_text_that_ends_like_data_is_asked_about_where_it_is_code(tmp_path: Path, fields: tuple[str, str]):
    (tmp_path / "m.py").write_text(f"{marking(tmp_path)}class A: npy = print\n")
    (tmp_path / "m.py:A.npy").touch()
    text = f"{tmp_path}/m.py:A.npy"
    data, code = fields
    fields_toml = {data: [text] if data == "inputs" else text, code: text}
    plan = msgspec.convert({"source": "sample:residual", **fields_toml}, Plan)
    (asked,) = listing(plan).asked
    assert asked.files[0].path == f"{tmp_path}/m.py"


def test_a_sample_lets_nothing_beside_it_come_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    name = read_name("sample:residual")
    monkeypatch.chdir(Path(name.place).parents[3])
    permission = Permission()
    with permitting(permission):
        import_name(name, "model")
    with pytest.raises(ImportError, match="not among the files"):
        permission.digest_of(str(Path.cwd() / "m.py"))


@pytest.mark.parametrize("folder", ["my-site-packages", "site-packages", "a/dist-packages"])
def test_a_folder_named_like_one_of_packages_is_guarded_like_any(tmp_path: Path, folder: str):
    home = tmp_path / folder
    home.mkdir(parents=True)
    source, good = home / "held.py", "def f(): return 1\n"
    source.write_text(f"def f():\n    {marking(tmp_path)}")
    compiled = importlib.util.cache_from_source(str(source))
    py_compile.compile(
        str(source), compiled, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    source.write_text(good)
    plan = Plan("sample:residual", calibrate=f"{source}:f")
    with permitting(Permission(listing(plan).grants)):
        assert import_name(read_name(f"{source}:f"), "function")[1]() == 1
    assert not (tmp_path / MARKER).exists()


def test_a_module_beside_the_plan_does_not_stand_for_an_installed_one(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
):
    packages = tmp_path_factory.mktemp("packages")
    (packages / "tool_of_both.py").write_text(f"def f():\n    {marking(tmp_path)}")
    (tmp_path / "tool_of_both.py").write_text("def f(): return 1\n")
    plan, text = Plan("sample:residual", calibrate="tool_of_both:f()"), "tool_of_both:f()"
    assert listing(plan, (str(packages),)).asked[0].files[0].path == str(packages / "tool_of_both.py")
    told_another = listing(plan)
    assert told_another.asked[0].files[0].path == str(tmp_path / "tool_of_both.py")
    monkeypatch.setattr(sys, "path", [*sys.path, str(packages)])
    with permitting(Permission(told_another.grants)), pytest.raises(QvizError, match="a different file"):
        import_name(read_name(text), "function")
    assert not (tmp_path / MARKER).exists()


def test_a_plan_names_no_file_of_pythons_library():
    plan = Plan("sample:residual", calibrate=f"{sysconfig.get_path('stdlib')}/os.py:popen('x')")
    with pytest.raises(QvizError, match="standard library"):
        listing(plan)


def test_what_a_graph_calls_beside_operators_is_told(tmp_path: Path):
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(exported())) as good, zipfile.ZipFile(made, "w") as bad:
        for info in good.infolist():
            held = good.read(info)
            if info.filename.endswith("models/model.json"):
                graph = json.loads(held)
                graph["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.system"
                held = json.dumps(graph).encode()
            bad.writestr(info.filename, held)
    (tmp_path / "net.pt2").write_bytes(made.getvalue())
    assert "its graph calls torch.os.system" in look(open_once(tmp_path / "net.pt2")).trouble


@pytest.mark.parametrize(
    ("formula", "is_told"),
    [("2*s0 + Max(1, s1)", False), ("exec(chr(111) + chr(115))", True), ("(eval)(chr(1))", True)],
)
def test_a_formula_that_calls_python_is_told(tmp_path: Path, formula: str, is_told: bool):
    with zipfile.ZipFile(tmp_path / "net.pt2", "w") as archive:
        archive.writestr("net/models/model.json", json.dumps({"a": {"expr_str": formula}}))
    assert bool(look(open_once(tmp_path / "net.pt2")).trouble) == is_told


def test_a_pipe_or_a_device_is_waited_for_nowhere(tmp_path: Path):
    for name in ("m.py", "x.safetensors", "base.json"):
        os.mkfifo(tmp_path / name)
    assert candidates(tmp_path / "m.py") == ()
    assert listed_models(tmp_path / "m.py") == ()
    assert digest(tmp_path / "base.json") is None
    with pytest.raises(QvizError):
        listing(Plan("sample:residual", calibrate=f"{tmp_path}/m.py:f"))
    with pytest.raises(QvizError, match="a pipe"):
        refuse(Plan(str(tmp_path / "x.safetensors")))
    with pytest.raises(QvizError, match="a pipe"):
        read_baseline(tmp_path / "base.json")


def test_asking_an_interpreter_for_its_versions_imports_nothing_of_the_working_folder(tmp_path: Path):
    for name in ("json", "importlib", "email", "csv"):
        (tmp_path / f"{name}.py").write_text(marking(tmp_path))
    interpreter.check(sys.executable)
    assert not (tmp_path / MARKER).exists()


def test_files_without_a_common_folder_have_a_key():
    """As on two drives, or in what another machine says."""
    grant = Grant("/a/m.py:f()", NamedBy.FILE, {"/a/m.py": "1", "n.py": "2", "": "3"})
    assert grant.key == msgspec.structs.replace(grant).key != msgspec.structs.replace(grant, files={"/a/m.py": "1"}).key
    assert Grant("package.module:f()", NamedBy.FILE).key == Grant("package.module:f()", NamedBy.FILE).key


def test_a_bare_name_stays_whose_it_was_beside_another_source(tmp_path: Path):
    for name in ("theirs.py", "mine.py"):
        (tmp_path / name).write_text("from subprocess import check_output\nclass Net: ...\n")
    consent = Consent(KeptGrants(tmp_path / "grants.json"))
    loaded = Plan(f"{tmp_path}/theirs.py:Net", flow="fx-qat", train="check_output('x', shell=True)")
    consent.loaded(loaded)
    own_source = msgspec.structs.replace(loaded, source=f"{tmp_path}/mine.py:Net")
    consent.edited(loaded, own_source)
    (asked,) = consent.listing(own_source).asked
    assert (asked.ref.use, asked.ref.origin) == ("train", NamedBy.FILE)
    own_words = msgspec.structs.replace(own_source, train="fit")
    consent.edited(own_source, own_words)
    assert not consent.listing(own_words).asked
    elsewhere = msgspec.structs.replace(own_words, source=f"{tmp_path}/theirs.py:Net")
    consent.type_in(frozenset({f"{tmp_path}/theirs.py:Net"}))
    consent.edited(own_words, elsewhere)
    assert not consent.listing(elsewhere).asked


def _saved(tensor: torch.Tensor) -> dict[str, bytes]:
    held = io.BytesIO()
    torch.save(tensor, held)
    with zipfile.ZipFile(held) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def _written(members: list[tuple[str, bytes]]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return held.getvalue()


def _names_by_case() -> bytes:
    """Return an archive whose pickle is ``DATA.PKL`` for torch, and another one for Python."""
    good, bad = _saved(torch.ones(4)), _saved(torch.ones(1000))["archive/data.pkl"]
    others = [("archive/x.pkl" if name.endswith(".pkl") else name, data) for name, data in good.items()]
    return _written([("archive/DATA.PKL", bad[2:]), *others])  # without the opcode by which pickles are known


def _storages_by_case() -> bytes:
    good = _saved(torch.ones(4))
    good["archive/data.pkl"] = good["archive/data.pkl"].replace(b"X\x01\x00\x00\x000", b"X\x01\x00\x00\x00a")
    return _written([*good.items(), ("archive/data/A", b""), ("archive/data/a", good["archive/data/0"])])


def _two_directories() -> bytes:
    """Return an archive whose end names one directory, as torch reads it, and has another just before it."""
    good, bad = _saved(torch.ones(4)), _saved(torch.ones(1000))
    first = _written([*{**good, "archive/data.pkl": bad["archive/data.pkl"]}.items(), ("archive/data/1", b"x" * 2000)])
    second = _written([*good.items(), ("archive/data/1", b"")])
    parts = []
    for each in (first, second):
        length, start = struct.unpack("<II", each[-10:-2])
        parts.append((each[:start], bytearray(each[start:-22]), length, start))
    (members, directory, length, start), (others, other, _, _) = parts
    at = 0
    while at < len(other):
        sizes = struct.unpack("<HHH", other[at + 28 : at + 34])
        (offset,) = struct.unpack("<I", other[at + 42 : at + 46])
        other[at + 42 : at + 46] = struct.pack("<I", len(members) - len(others) + offset)
        at += 46 + sum(sizes)
    end = second[-22:-10] + struct.pack("<II", length, start) + second[-2:]
    return b"".join((members, directory, others, other, end))


@pytest.mark.parametrize("made", [_names_by_case, _storages_by_case, _two_directories])
def test_data_in_which_torch_would_see_something_else_needs_a_yes(tmp_path: Path, made: Callable[[], bytes]):
    (tmp_path / "x.pt").write_bytes(made())
    told = look(open_once(tmp_path / "x.pt"))
    assert not told.is_tensors
    assert told.trouble
    with permitting(Permission()), pytest.raises(QvizError, match="may hold more than tensors"):
        read_tensors(tmp_path / "x.pt")


@pytest.mark.parametrize("zip64", [False, True])
def test_the_same_members_with_one_directory_are_tensors(tmp_path: Path, zip64: bool):
    torch.save(torch.ones(4), tmp_path / "x.pt")  # torch writes the end of 64 bits, too
    if not zip64:
        (tmp_path / "x.pt").write_bytes(_written([*_saved(torch.ones(4)).items()]))
    assert look(open_once(tmp_path / "x.pt")).is_tensors


def test_what_a_compressed_member_would_unpack_to_is_not_read(tmp_path: Path):
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/models/model.json", b"[" + b"{}," * (1 << 20) + b"{}]")
        archive.writestr("a/data.pkl", b"N0" * (1 << 20) + b"N.")
    trouble = look(open_once(path)).trouble
    assert [each.partition(" is larger")[0] for each in trouble] == ["a/models/model.json", "a/data.pkl"]


def test_all_pickles_of_a_file_are_read_as_far_as_one_is(tmp_path: Path):
    path = tmp_path / "net.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a", "b", "c"):
            archive.writestr(f"x/{name}.pkl", b"N0" * 90_000 + b"N.")
    looked = look(open_once(path))
    assert [each for each in looked.trouble if "too long" in each] == ["x/c.pkl: it is too long"]
