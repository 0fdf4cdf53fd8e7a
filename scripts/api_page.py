"""Writes the API page: docs/api.md and resources/api/entries.json, from scripts/api_texts and the installed torch."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

import api_torch
import msgspec

from qviz.document.api_entries import FILE, ApiEntry
from qviz.document.configuration import Custom, Quantizer
from qviz.document.plan import Plan

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "scripts" / "api_texts"


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of one module that share flows, stages and, where nothing else is said, an example.

    Attributes:
        title: The heading; several groups may share one.
        module: Where the names are.
        lines: The sentence of each name.
        later: The key of what torch 2.10 and torchao have.
        example: The key of the example.
        examples: The keys of those that have one of their own.
    """

    title: str
    module: str
    lines: dict[str, str]
    example: str
    flows: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    later: str = ""
    examples: dict[str, str] = msgspec.field(default_factory=dict)


class Modules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All module classes of a package that no group names; ``{name}`` in the line is the class."""

    title: str
    package: str
    line: str
    example: str
    flows: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    later: str = ""


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An argument of functions of torch (``of``), or a field of qviz's plan."""

    line: str
    of: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    later: str = ""
    example: str = ""


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of texts."""

    group: tuple[Group, ...] = ()
    modules: tuple[Modules, ...] = ()
    options: dict[str, Option] = msgspec.field(default_factory=dict)
    later: dict[str, str] = msgspec.field(default_factory=dict)
    in_seed: tuple[str, ...] = ()


Words: TypeAlias = dict[str, str]


def main() -> None:
    """Write both files below the folder given, or where they belong."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    entries = _entries()
    for path, data in (
        (root / "resources" / FILE, msgspec.json.format(msgspec.json.encode(entries), indent=1) + b"\n"),
        (root / "docs" / "api.md", "\n".join(_page(entries)).encode() + b"\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _entries() -> tuple[ApiEntry, ...]:
    """Return all entries, group by group; the program ends where the texts and torch disagree."""
    texts = [msgspec.toml.decode(path.read_bytes(), type=Texts) for path in sorted(TEXTS.glob("[0-9]*.toml"))]
    examples = msgspec.toml.decode((TEXTS / "examples.toml").read_bytes(), type=Words)
    later = {"": ""} | {key: text for each in texts for key, text in each.later.items()}
    made = [entry for each in texts for group in each.group for entry in _of_group(group, examples, later)]
    told = {entry.name for entry in made}
    made += [entry for each in texts for group in each.modules for entry in _of_modules(group, examples, later, told)]
    made += [_of_option(name, option, examples, later) for each in texts for name, option in each.options.items()]
    _check(made)
    return _with_seed(made, {name for each in texts for name in each.in_seed})


def _of_group(group: Group, examples: Words, later: Words) -> Iterator[ApiEntry]:
    if unknown := set(group.examples) - set(group.lines):
        sys.exit(f"examples in scripts/api_texts for names without a line: {', '.join(sorted(unknown))}")
    for name, line in group.lines.items():
        found = api_torch.look_up(group.module, name)
        example = examples[group.examples.get(name, group.example)].strip() + "\n"
        yield ApiEntry(
            name=f"{group.module}.{name}",
            group=group.title,
            what=api_torch.what(found),
            flows=group.flows,
            stages=group.stages,
            line=line,
            signature=api_torch.signature(name, found),
            example=example.replace("{name}", name).replace("{module}", group.module),
            later=later[group.later],
        )


def _of_modules(group: Modules, examples: Words, later: Words, told: set[str]) -> Iterator[ApiEntry]:
    names = [name for name in api_torch.names_of(group.package) if f"{group.package}.{name}" not in told]
    lines = {name: group.line.format(name=name) for name in names}
    yield from _of_group(
        Group(group.title, group.package, lines, group.example, group.flows, group.stages, group.later),
        examples,
        later,
    )


def _of_option(name: str, option: Option, examples: Words, later: Words) -> ApiEntry:
    fields = {*Plan.__struct_fields__, *Custom.__struct_fields__, *Quantizer.__struct_fields__}
    if not option.of and name not in fields:
        sys.exit(f"scripts/api_texts has the option {name}, which neither torch nor a plan takes")
    return ApiEntry(
        name=name,
        group="Options",
        what="option",
        flows=option.flows,
        stages=option.stages,
        line=option.line,
        signature=api_torch.option(name, list(option.of)),
        example=examples[option.example].strip() + "\n" if option.example else "",
        later=later[option.later],
    )


def _check(made: list[ApiEntry]) -> None:
    names = [entry.name for entry in made]
    if missing := sorted(set(api_torch.public_names()) - set(names)):
        sys.exit(f"without a text in scripts/api_texts: {', '.join(missing)}")
    if double := sorted({name for name in names if names.count(name) > 1}):
        sys.exit(f"more than one text in scripts/api_texts: {', '.join(double)}")


def _with_seed(made: list[ApiEntry], seed: set[str]) -> tuple[ApiEntry, ...]:
    if unknown := sorted(seed - {entry.name for entry in made}):
        sys.exit(f"in_seed of scripts/api_texts names what has no text: {', '.join(unknown)}")
    order = list(dict.fromkeys(entry.group for entry in made))
    marked = (msgspec.structs.replace(entry, in_seed=True) if entry.name in seed else entry for entry in made)
    return tuple(sorted(marked, key=lambda entry: order.index(entry.group)))


def _page(entries: tuple[ApiEntry, ...]) -> Iterator[str]:
    import torch

    yield "# torch's quantization API"
    yield ""
    version = torch.__version__.partition("+")[0]
    yield f"Every public name of quantization in torch {version}, with the flows and stages it belongs to."
    yield "Help in the window (F1) shows the same. Written by `scripts/api_page.py`; mend `scripts/api_texts`."
    shown: Words = {}
    for group, each in groupby(entries, key=lambda entry: entry.group):
        of_group = list(each)
        laters = list(dict.fromkeys(entry.later for entry in of_group))
        is_one = len(laters) == 1 and bool(laters[0])
        yield from ("", f"## {group}", "")
        if is_one:
            yield from (f"In torch 2.10 and torchao: {laters[0]}", "")
        for entry in of_group:
            yield from _written(entry, shown, has_later=not is_one)


def _written(entry: ApiEntry, shown: Words, *, has_later: bool) -> Iterator[str]:
    """Yield one entry; an example that stands on the page already is only referred to."""
    where = " · ".join(filter(None, (", ".join(entry.flows), ", ".join(entry.stages))))
    yield from (f"### `{entry.name}`", "", entry.line + (f" *{where}*" if where else ""), "")
    if entry.signature:
        yield from ("```text", entry.signature, "```", "")
    if has_later and entry.later:
        yield from (f"In torch 2.10 and torchao: {entry.later}", "")
    if entry.example in shown:
        other = shown[entry.example]
        anchor = "".join(sign for sign in other.lower() if sign.isalnum() or sign in "_-")
        yield from (f"Example: that of [`{other.rpartition('.')[2]}`](#{anchor}).", "")
    elif entry.example:
        shown[entry.example] = entry.name
        yield from ("<details><summary>Example</summary>", "", "```python")
        yield from (entry.example.rstrip(), "```", "", "</details>", "")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
