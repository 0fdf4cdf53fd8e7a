"""Reads files of tensors, without running code from them, and writes down how."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import torch

from qviz.document.regular_files import OpenedFile
from qviz.engine.loading.broker import opened_data
from qviz.errors import QvizError
from qviz.sources.input_text import DATA_FILES
from qviz.words import tr

FILES = DATA_FILES


class TensorFile(NamedTuple):
    """The tensors of a file.

    Attributes:
        tensors: In the file's order.
        names: What the file calls them; none in a file that only counts them.
        python: An expression for each.
        imports: What these expressions need besides torch.
    """

    tensors: tuple[torch.Tensor, ...]
    names: tuple[str, ...]
    python: tuple[str, ...]
    imports: tuple[str, ...] = ()

    def ordered(self, wanted: tuple[str, ...]) -> TensorFile:
        """Return the tensors of some names, in that order, if the file has all of them; else as it is."""
        if not wanted or not set(wanted) <= set(self.names):
            return self
        at = [self.names.index(name) for name in wanted]
        return TensorFile(tuple(self.tensors[i] for i in at), wanted, tuple(self.python[i] for i in at), self.imports)


def read_tensors(path: Path) -> TensorFile:
    """Return the tensors of a file.

    Raises:
        QvizError: Not found, not readable here, or it holds something else.
    """
    path = Path(os.path.abspath(path.expanduser()))
    if not path.is_file():
        raise QvizError(tr("{path} was not found", path=path), tr("Check the path."))
    try:
        held = {".pt": _read_pt, ".safetensors": _read_safetensors}.get(path.suffix, _read_numpy)(opened_data(path))
    except QvizError:
        raise
    except Exception as error:  # torch, zipfile, safetensors and numpy raise a dozen kinds
        first = str(error).strip().partition("\n")[0]
        raise QvizError(
            tr("{path} could not be read: {first}", path=path, first=first), tr("Save tensors only.")
        ) from error
    if not held.tensors or not all(isinstance(each, torch.Tensor) for each in held.tensors):
        raise QvizError(
            tr("{path} holds something other than tensors", path=path),
            tr("Save a tensor, or a list or dict of tensors."),
        )
    return held


def _read_pt(content: OpenedFile) -> TensorFile:
    path = content.path
    held = torch.load(content.file, weights_only=True, map_location="cpu")
    load = f'torch.load({str(path)!r}, weights_only=True, map_location="cpu")'
    if isinstance(held, dict):
        return _by_name(held, load)
    if isinstance(held, (list, tuple)):
        return TensorFile(tuple(held), (), tuple(f"{load}[{index}]" for index in range(len(held))))
    return TensorFile((held,), (), (load,))


def _read_safetensors(content: OpenedFile) -> TensorFile:
    path = content.path
    try:
        from safetensors.torch import load
    except ImportError as error:
        raise QvizError(
            tr("{name}: the engine's Python lacks safetensors", name=path.name),
            tr("Install safetensors with pip, or save the tensors with torch.save."),
        ) from error
    imports = ("from safetensors.torch import load_file",)
    return _by_name(load(content.read()), f"load_file({str(path)!r})")._replace(imports=imports)


def _by_name(held: dict[Any, Any], load: str) -> TensorFile:
    return TensorFile(tuple(held.values()), tuple(map(str, held)), tuple(f"{load}[{key!r}]" for key in held))


def _read_numpy(content: OpenedFile) -> TensorFile:
    path = content.path
    try:
        import numpy as np
    except ImportError as error:
        raise QvizError(
            tr("{name}: the engine's Python lacks numpy", name=path.name), tr("Install numpy with pip.")
        ) from error
    imports = ("import numpy",)
    arrays = np.load(content.file, allow_pickle=False)
    load = f"numpy.load({str(path)!r})"
    if path.suffix == ".npy":
        return TensorFile((torch.as_tensor(arrays),), (), (f"torch.as_tensor({load})",), imports)
    held = {name: torch.as_tensor(arrays[name]) for name in arrays.files}
    python = tuple(f"torch.as_tensor({load}[{name!r}])" for name in held)
    return TensorFile(tuple(held.values()), tuple(held), python, imports)
