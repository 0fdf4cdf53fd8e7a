"""The kinds of sources: how each is recognized, which code it would run, and who loads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from qviz.document.codec import SUFFIXES
from qviz.document.model_files import MODEL_FILES
from qviz.registry import Registry


class SourceKind(NamedTuple):
    """One kind of source.

    Attributes:
        fits: Tells whether a SOURCE text is of this kind; nothing is opened or imported.
        loader: ``package.module:function`` in the engine, from a `Plan` to its `Loaded` model; imported by the engine
            alone. "" for a result, which nobody loads.
        code_file: Returns the file that a source would run; None where it names none.
        is_shipped: It is part of qviz, and may run without a question.
        is_whole: It holds a model whole: there is nothing to choose in it, and it is trusted by its content.
        is_result: It is a result of qviz, and runs nothing.
    """

    fits: Callable[[str], bool]
    loader: str
    code_file: Callable[[str], str | None] = lambda _: None
    is_shipped: bool = False
    is_whole: bool = False
    is_result: bool = False


SOURCE_KINDS: Registry[SourceKind] = Registry("kind of source")
"""By name. The one registered last is asked first, so that another package's kind wins over a plain name."""


def kind_of(source: str) -> SourceKind:
    """Return the kind of a source; what fits nothing else is taken for a name to import."""
    return next(kind for kind in reversed(SOURCE_KINDS.values()) if kind.fits(source))


def code_file(source: str) -> str | None:
    """Return the file of ``file.py:name``, ``file.py:make(depth=18)`` or a ``.pt2``; None where a source names none."""
    return kind_of(source).code_file(source)


def _named_file(source: str) -> str | None:
    before_call = source.split("(", 1)[0]
    place, colon, _ = before_call.rpartition(":")
    if not colon or len(place) == 1:  # no name, or the colon of a Windows drive
        place = source
    return place if place.lower().endswith(".py") else None


SOURCE_KINDS.add("name", SourceKind(lambda _: True, "qviz.engine.loading.source:load_name", _named_file))
SOURCE_KINDS.add(
    "sample",
    SourceKind(lambda source: source.startswith("sample:"), "qviz.engine.loading.source:load_name", is_shipped=True),
)
SOURCE_KINDS.add(
    "model file",
    SourceKind(
        lambda source: source.endswith(MODEL_FILES),
        "qviz.engine.loading.source:load_file",
        lambda source: source,
        is_whole=True,
    ),
)
FOREIGN_FILES = {
    ".safetensors": "safetensors",
    ".onnx": "ONNX",
    ".tflite": "TensorFlow Lite",
    ".pb": "TensorFlow",
    ".h5": "Keras",
    ".keras": "Keras",
    ".mlmodel": "Core ML",
    ".mlpackage": "Core ML",
    ".engine": "TensorRT",
    ".gguf": "GGUF",
}
"""Files in which models are kept, but none of torch's: the format of each ending. They are refused by name."""
SOURCE_KINDS.add(
    "foreign file",
    SourceKind(lambda source: source.endswith((*FOREIGN_FILES,)), "qviz.engine.loading.foreign_files:refuse"),
)
SOURCE_KINDS.add("result", SourceKind(lambda source: source.endswith(SUFFIXES), "", is_result=True))


def short_source(source: str) -> str:
    """Return the last part of a source: the file with its name, or the sample."""
    return source.replace("\\", "/").rsplit("/", 1)[-1]
