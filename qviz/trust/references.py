"""Everything in a plan that names code, as typed references; nothing is opened or imported."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from enum import Enum
from pathlib import Path

from qviz.document.configuration import Factory, QConfig
from qviz.document.graph import Json, Record
from qviz.document.model_files import MODEL_FILES
from qviz.document.plan import Plan
from qviz.errors import QvizError
from qviz.sources.input_text import DATA_FILES, InputForm, SeveralInputs, TensorsOfFile, UsersCall, read_input
from qviz.sources.kinds import FOREIGN_FILES, kind_of
from qviz.sources.own_rules import listed_rules
from qviz.sources.text import Name, read_name

OWN_RULES = "own_rules"
"""What uses the finding rules that a project lists."""

_DATA = ("inputs", "weights", "calibrate", "evaluate")
_BESIDE = ("train", "metric", "fuser", "dynamic_shapes")
"""Fields in which a bare name stands for one of the source's file."""
_NAMED = ("qconfig", "backend_config", "quantizer", "executor")
"""Fields in which a bare name is one of torch's."""


class NamedBy(str, Enum):
    """Who named some code."""

    TYPED = "typed"
    """The user, on the command line or in the window."""
    FILE = "file"
    """A plan's file, or a project's ``pyproject.toml``."""
    DOCUMENT = "document"
    """A result, or a message."""


class CodeRef(Record, frozen=True):
    """Something that names code, or a file that may hold some.

    Attributes:
        origin: Who named it.
        target: ``/folder/model.py:make(depth=18)``, ``package.module:name``, ``/folder/net.pt2``, by `target_of`.
        use: The field of the plan, or `OWN_RULES`.
        folder: Where a project's rules stand; "" for all else.
    """

    origin: NamedBy
    target: str
    use: str
    folder: str = ""

    @property
    def is_data(self) -> bool:
        """Whether it is a file of tensors, which runs nothing if it is what it says."""
        return self.use in _DATA and self.target.endswith(DATA_FILES)

    @property
    def is_whole(self) -> bool:
        """Whether it is a file that holds a model, and runs what that names."""
        return self.use == "source" and self.target.endswith(MODEL_FILES)

    @property
    def name(self) -> Name:
        """The target, taken apart."""
        return read_name(self.target)


def code_refs(plan: Plan, typed: Collection[str], otherwise: NamedBy) -> tuple[CodeRef, ...]:
    """Return every reference of a plan and of its project, each target once.

    Args:
        plan: What would run.
        typed: The targets that the user wrote herself.
        otherwise: Where all the others come from.
    """
    found: dict[str, CodeRef] = {}
    for use, target in targets(plan):
        ref = CodeRef(NamedBy.TYPED if target in typed else otherwise, target, use)
        if target not in found or (found[target].is_data and not ref.is_data):
            found[target] = ref  # a text that is code in one field is not asked about as data
    listed = listed_rules(plan.source)
    rules = {} if listed is None else {_rule(text, listed.file.parent): listed.file.parent for text in listed.targets}
    return (
        *found.values(),
        *(CodeRef(NamedBy.FILE, each, OWN_RULES, str(folder)) for each, folder in rules.items() if each not in typed),
    )


def typed_targets(plan: Plan, fields: Collection[str]) -> frozenset[str]:
    """Return the targets that some fields of a plan name."""
    return frozenset(target for use, target in targets(plan) if use in fields)


def targets(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the fields of a plan that name code, each with the target that it names."""
    yield from ((use, target) for use, _, target in written_targets(plan))


def written_targets(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Yield the fields of a plan that name code, each with its text and the target that this names beside the source.

    A bare name, such as ``train``, is another target beside another source, though nobody wrote it anew.
    """
    source = plan.source
    kind = kind_of(source)
    if source and not (kind.is_shipped or kind.is_result or source.endswith((*FOREIGN_FILES,))):
        yield "source", source, target_of(source)
    for field, text in _texts(plan):
        if field in _DATA and text.endswith(DATA_FILES):
            yield field, text, _absolute(text)
        elif ":" in text or field in _BESIDE:
            whole = text if ":" in text else _beside(source, text)
            if whole:
                yield field, text, target_of(whole)


def _texts(plan: Plan) -> Iterator[tuple[str, str]]:
    for text in plan.inputs:
        try:
            form = read_input(text).form
        except QvizError:
            continue  # the engine says what is wrong with it
        yield from (("inputs", each) for each in _of_input(form))
    for field in ("weights", "calibrate", "evaluate", *_BESIDE, *_NAMED):
        if (text := getattr(plan, field)) is not None:
            yield field, text
    for rule in plan.rules:
        yield from (("rules", each) for each in (*_of_qconfig(rule.qconfig), rule.object_type) if each)
        if rule.kind == "object_type":
            yield "rules", rule.target
    custom = plan.custom
    classes = (*custom.non_traceable_classes, *custom.float_to_observed.items(), *custom.observed_to_quantized.items())
    for each in classes:
        yield from (("custom", text) for text in ((each,) if isinstance(each, str) else each))
    options = plan.quantizer_options
    yield from (("quantizer_options", each) for each in options.then)
    for entry in options.rules:
        if entry.kind in ("module_type", "operator"):
            yield "quantizer_options", entry.target
        yield from (("quantizer_options", each) for each in _of_factory(entry.observer))


def _of_input(form: InputForm) -> Iterator[str]:
    if isinstance(form, SeveralInputs):
        for each in form.parts:
            yield from _of_input(each)
    elif isinstance(form, (UsersCall, TensorsOfFile)):
        yield form.text


def _of_qconfig(qconfig: QConfig | None) -> Iterator[str]:
    if qconfig is not None:
        if qconfig.name:
            yield qconfig.name
        yield from _of_factory(qconfig.activation)
        yield from _of_factory(qconfig.weight)


def _of_factory(factory: Factory | None) -> Iterator[str]:
    if factory is not None:
        yield factory.name
        yield from _of_arguments(factory.arguments)


def _of_arguments(arguments: dict[str, Json]) -> Iterator[str]:
    """Yield the observers that a fake-quantize is to be made with, however deep."""
    observer = arguments.get("observer")
    if isinstance(observer, str):
        yield observer
    elif isinstance(observer, dict):
        yield str(observer.get("name", ""))
        inner = observer.get("arguments")
        yield from _of_arguments(inner if isinstance(inner, dict) else {})


def target_of(text: str) -> str:
    """Return the one way in which a text that names code is written; files by their whole path."""
    if text.endswith(MODEL_FILES):
        return _absolute(text)
    try:
        return target_of_name(read_name(text))
    except QvizError:
        return text  # the engine says what is wrong with it; nothing of that name is ever granted


def target_of_name(name: Name) -> str:
    """Return a name as `target_of` writes it."""
    place = _absolute(name.place) if name.is_file else name.place
    call = "" if name.arguments is None else f"({name.written_arguments})"
    return f"{place}:{name.attribute}{call}" if name.attribute else place


def _rule(text: str, folder: Path) -> str:
    """Return the target of a rule; its file stands beside the ``pyproject.toml`` that lists it."""
    try:
        name = read_name(text)
    except QvizError:
        return text
    return target_of_name(name._replace(place=str(folder / name.place)) if name.is_file else name)


def _beside(source: str, text: str) -> str:
    """Return a bare name with the place of the source; "" where that has none, as a sample, which is shipped."""
    if kind_of(source).is_shipped:
        return ""
    try:
        place = read_name(source).place
    except QvizError:
        return ""
    return f"{place}:{text}"


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))
