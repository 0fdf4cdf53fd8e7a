"""A corpus of traps: files that would run something if anything of them ran, each with how a user meets it."""

from __future__ import annotations

import functools
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

MARKER = "marker"
"""The file that a trap leaves when it runs."""


class Trap(NamedTuple):
    """One trap.

    Attributes:
        name: For people.
        build: Writes its files into a folder, and returns the TOML of a plan that meets it.
        is_never: No yes makes it run: plans and documents may not name it at all.
    """

    name: str
    build: Callable[[Path], str]
    is_never: bool = False


class Boom:
    """What a pickle calls when it is opened."""

    def __init__(self, folder: Path) -> None:
        self.call = f"open({str(folder / MARKER)!r}, 'w').close()"

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self.call,)


def marking(folder: Path) -> str:
    return f"open({str(folder / MARKER)!r}, 'w').close()\n"


def _toml(**fields: Any) -> str:
    return "\n".join(("version = 1", *(f"{key} = {_value(each)}" for key, each in fields.items()))) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


def in_field(name: str, fields: Callable[[str], dict[str, Any]], source: str = "sample:residual") -> Trap:
    """Return a trap that stands in a field of a plan and runs when it is called."""

    def build(folder: Path) -> str:
        (folder / "trap.py").write_text(f"def boom(*_):\n    {marking(folder)}", encoding="utf-8")
        made = {"source": source.replace("FOLDER", str(folder)), **fields(f"{folder}/trap.py:boom()")}
        return _toml(**made)

    return Trap(name, build)


def imported(name: str, target: str, files: Callable[[Path], dict[str, str]], is_never: bool = False) -> Trap:
    """Return a trap behind an import: its files, and what a plan names as calibration data."""

    def build(folder: Path) -> str:
        for path, text in files(folder).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        return _toml(source="sample:residual", calibrate=target.replace("FOLDER", str(folder)))

    return Trap(name, build, is_never)


def archived(name: str, file: str, field: str, write: Callable[[Path, Path], None]) -> Trap:
    """Return a trap in a file that holds a model or data."""

    def build(folder: Path) -> str:
        write(folder / file, folder)
        path = str(folder / file)
        fields: dict[str, Any] = {"source": path} if field == "source" else {"source": "sample:residual", field: path}
        return _toml(**{key: [each] if key == "inputs" else each for key, each in fields.items()})

    return Trap(name, build)


def _bare(protocol: int) -> Callable[[Path, Path], None]:
    def write(path: Path, folder: Path) -> None:
        path.write_bytes(pickle.dumps(Boom(folder), protocol))

    return write


def _by_instance(path: Path, folder: Path) -> None:
    path.write_bytes(b"(S" + repr(Boom(folder).call).encode() + b"\nibuiltins\nexec\n.")


def _by_object(path: Path, folder: Path) -> None:
    path.write_bytes(b"(cbuiltins\nexec\nS" + repr(Boom(folder).call).encode() + b"\no.")


def _class_beside(path: Path, folder: Path) -> None:
    """Write a pickle whose class stands in a file beside it."""
    (folder / "classes_of_mine.py").write_text(f"{marking(folder)}class Net:\n    pass\n", encoding="utf-8")
    path.write_bytes(b"cclasses_of_mine\nNet\n.")


def _zipped(*members: tuple[str, Callable[[Path], bytes]]) -> Callable[[Path, Path], None]:
    def write(path: Path, folder: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members:
                archive.writestr(name, data(folder))

    return write


def _save(path: Path, folder: Path) -> None:
    path.write_bytes(_saved(folder))


def _pickled(folder: Path) -> bytes:
    return pickle.dumps(Boom(folder), 2)


def _saved(folder: Path) -> bytes:
    """Return an archive as torch.save writes it, with a trap for its pickle."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("archive/data.pkl", _pickled(folder))
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/version", "3\n")
    return held.getvalue()


@functools.cache
def exported() -> bytes:
    """Return the bytes of a small exported program."""
    import torch

    held = io.BytesIO()
    torch.export.save(torch.export.export(torch.nn.Linear(2, 2).eval(), (torch.ones(1, 2),)), held)
    return held.getvalue()


def _program(trapped: str) -> Callable[[Path, Path], None]:
    """Return what writes an exported program with a trap in one of its members."""

    def write(path: Path, folder: Path) -> None:
        with zipfile.ZipFile(io.BytesIO(exported())) as good, zipfile.ZipFile(path, "w") as bad:
            for info in good.infolist():
                bad.writestr(info.filename, _saved(folder) if info.filename.endswith(trapped) else good.read(info))

    return write


def npy(folder: Path, path: Path) -> None:
    """Write an array of objects, which numpy keeps as a pickle."""
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    head = head.ljust(117) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + _pickled(folder))


def _observer(target: str) -> dict[str, Any]:
    return {"kind": "global", "qconfig": {"activation": {"name": target}, "weight": {"name": "MinMaxObserver"}}}


FIELDS = (
    in_field("source", lambda target: {"source": target}),
    in_field("input", lambda target: {"inputs": [target]}),
    in_field("named input", lambda target: {"inputs": [f"x={target}"]}),
    in_field("input in a tuple", lambda target: {"inputs": [f"({target},1x3)"]}),
    in_field("input in a dict", lambda target: {"inputs": [f"{{a={target}}}"]}),
    in_field("calibrate", lambda target: {"calibrate": target}),
    in_field("evaluate", lambda target: {"evaluate": target}),
    in_field("metric", lambda target: {"metric": target}),
    in_field("train", lambda target: {"train": target, "flow": "fx-qat"}),
    in_field("qconfig", lambda target: {"qconfig": target}),
    in_field("backend config", lambda target: {"backend_config": target}),
    in_field("quantizer", lambda target: {"quantizer": target}),
    in_field("executor", lambda target: {"executor": target, "exact": True}),
    in_field("fuser", lambda target: {"fuser": target}),
    in_field("dynamic shapes", lambda target: {"dynamic_shapes": target}),
    in_field("bare train", lambda _: {"train": "boom", "flow": "fx-qat"}, "FOLDER/trap.py:boom"),
    in_field("bare fuser", lambda _: {"fuser": "boom"}, "FOLDER/trap.py:boom"),
    in_field("object type", lambda target: {"rules": [{"kind": "object_type", "target": target}]}),
    in_field(
        "object type with order",
        lambda target: {
            "rules": [{"kind": "module_name_object_type_order", "target": "a", "object_type": target, "order": 0}]
        },
    ),
    in_field("qconfig of a rule", lambda target: {"rules": [{"kind": "global", "qconfig": {"name": target}}]}),
    in_field("observer", lambda target: {"rules": [_observer(target)]}),
    in_field(
        "observer of weights", lambda target: {"rules": [{"kind": "global", "qconfig": {"weight": {"name": target}}}]}
    ),
    in_field(
        "observer of a fake quantize",
        lambda target: {
            "rules": [
                {
                    "kind": "global",
                    "qconfig": {"weight": {"name": "FakeQuantize", "arguments": {"observer": {"name": target}}}},
                }
            ]
        },
    ),
    in_field("class not traced", lambda target: {"custom": {"non_traceable_classes": [target]}}),
    in_field("class to observe", lambda target: {"custom": {"float_to_observed": {target: "torch.nn.Linear"}}}),
    in_field("class observed", lambda target: {"custom": {"float_to_observed": {"torch.nn.Linear": target}}}),
    in_field("class quantized", lambda target: {"custom": {"observed_to_quantized": {"torch.nn.Linear": target}}}),
    in_field("further quantizer", lambda target: {"quantizer_options": {"then": [target]}}),
    in_field(
        "module type of a quantizer",
        lambda target: {"quantizer_options": {"rules": [{"kind": "module_type", "target": target}]}},
    ),
    in_field(
        "observer of a tensor",
        lambda target: {
            "quantizer_options": {"rules": [{"kind": "tensor", "target": "a", "observer": {"name": target}}]}
        },
    ),
)
WALKS = (
    imported("walk through an import", "FOLDER/m.py:torch.os.system('x')", lambda _: {"m.py": "import torch\n"}, True),
    imported("walk to a module", "FOLDER/m.py:os.system('x')", lambda _: {"m.py": "import os\n"}, True),
    imported("name only imported", "FOLDER/m.py:system('x')", lambda _: {"m.py": "from os import system\n"}, True),
    imported("name of a star import", "FOLDER/m.py:system('x')", lambda _: {"m.py": "from os import *\n"}, True),
    imported(
        "walk through globals",
        "FOLDER/m.py:f.__globals__",
        lambda _: {"m.py": "def f(): ...\n"},
        True,
    ),
    imported(
        "walk through an instance", "FOLDER/m.py:a.b('x')", lambda _: {"m.py": "class A: b = print\na = A()\n"}, True
    ),
    imported(
        "walk through a class", "FOLDER/m.py:A.o.system('x')", lambda _: {"m.py": "class A: import os as o\n"}, True
    ),
    imported("dunder of a class", "FOLDER/m.py:A.__subclasses__()", lambda _: {"m.py": "class A: ...\n"}, True),
    *(
        imported(f"standard library: {target}", target, lambda _: {}, True)
        for target in (
            "os:system('x')",
            "subprocess:run('x')",
            "builtins:exec('x')",
            "runpy:run_path('x')",
            "posix:abort",
        )
    ),
)
IMPORTS = (
    imported("file that runs when imported", "FOLDER/m.py:f()", lambda at: {"m.py": f"{marking(at)}def f(): ...\n"}),
    imported("neighbor", "FOLDER/m.py:f()", lambda at: {"m.py": "import near\ndef f(): ...\n", "near.py": marking(at)}),
    imported(
        "neighbor by a computed name",
        "FOLDER/m.py:f()",
        lambda at: {
            "m.py": "import importlib\nimportlib.import_module('ne' + 'ar')\ndef f(): ...\n",
            "near.py": marking(at),
        },
    ),
    imported(
        "package around",
        "FOLDER/p/m.py:f()",
        lambda at: {"p/__init__.py": marking(at), "p/m.py": "def f(): ...\n"},
    ),
    imported(
        "relative import",
        "FOLDER/p/m.py:f()",
        lambda at: {"p/__init__.py": "", "p/n.py": marking(at), "p/m.py": "from . import n\ndef f(): ...\n"},
    ),
    imported(
        "import inside of a function",
        "FOLDER/m.py:f()",
        lambda at: {"m.py": "def f():\n    import near\n", "near.py": marking(at)},
    ),
    imported(
        "module of the working folder", "m_of_cwd:f()", lambda at: {"m_of_cwd.py": f"def f():\n    {marking(at)}"}
    ),
    imported(
        "bidi in the name", "FOLDER/a\u202eyp.py:f()", lambda at: {"a\u202eyp.py": f"def f():\n    {marking(at)}"}
    ),
    imported(
        "escape in the name", "FOLDER/a\x1b[2J.py:f()", lambda at: {"a\x1b[2J.py": f"def f():\n    {marking(at)}"}
    ),
    imported("line feed in the name", "FOLDER/a\nb.py:f()", lambda at: {"a\nb.py": f"def f():\n    {marking(at)}"}),
)
FILES = (
    archived("pickle, protocol 0", "a.pt", "source", _bare(0)),
    archived("pickle, protocol 2", "a.pth", "source", _bare(2)),
    archived("pickle, protocol 4", "a.ckpt", "source", _bare(4)),
    archived("pickle, protocol 5", "a.bin", "source", _bare(5)),
    archived("pickle by INST", "a.pt", "source", _by_instance),
    archived("pickle by OBJ", "a.pt", "source", _by_object),
    archived("saved model", "a.pt", "source", _save),
    archived("class beside a saved model", "a.pt", "source", _class_beside),
    archived("weights of a program", "a.pt2", "source", _program("data/weights/model.pt")),
    archived("constants of a program", "a.pt2", "source", _program("data/constants/model.pt")),
    archived("inputs of a program", "a.pt2", "source", _program("data/sample_inputs/model.pt")),
)
DATA = (
    archived("calibration data", "a.pt", "calibrate", _bare(2)),
    archived("weights", "a.pt", "weights", _save),
    archived("evaluation data", "a.pt", "evaluate", _bare(4)),
    archived("input", "a.pt", "inputs", _save),
    archived(
        "input with a second pickle", "a.pt", "inputs", _zipped(("a/data.pkl", _pickled), ("a/more.pkl", _pickled))
    ),
)
