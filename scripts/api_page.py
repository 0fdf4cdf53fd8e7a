"""Writes the API page: docs/api.md and resources/api/entries.json, from scripts/api_texts and the installed torch."""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import tomllib

from qviz.document.api_entries import FILE, ApiEntry

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "scripts" / "api_texts"
PUBLIC = (
    "torch.ao.quantization",
    "torch.ao.quantization.quantize_pt2e",
    "torch.ao.quantization.backend_config",
    "torch.ao.quantization.fx.custom_config",
    "torch.ao.quantization.quantizer",
    "torch.ao.quantization.quantizer.xnnpack_quantizer",
    "torch.ao.quantization.quantizer.x86_inductor_quantizer",
    "torch.ao.quantization.quantizer.embedding_quantizer",
    "torch.ao.quantization.quantizer.composable_quantizer",
    "torch.ao.quantization.qconfig",
)
"""The packages whose public names all need a text."""


def main() -> None:
    """Write both files below the folder given, or where they belong."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    entries = tuple(_entries())
    if missing := sorted(set(_public_names()) - {entry.name for entry in entries}):
        sys.exit(f"without a text in scripts/api_texts: {', '.join(missing)}")
    for path, data in (
        (root / "resources" / FILE, msgspec.json.format(msgspec.json.encode(entries), indent=1) + b"\n"),
        (root / "docs" / "api.md", "\n".join(_page(entries)).encode() + b"\n"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _entries() -> Iterator[ApiEntry]:
    texts = [tomllib.loads(path.read_text()) for path in sorted(TEXTS.glob("[0-9]*.toml"))]
    examples = {key: text.strip() + "\n" for key, text in tomllib.loads((TEXTS / "examples.toml").read_text()).items()}
    seed = frozenset(name for each in texts for name in each.get("in_seed", ()))
    later = {key: text for each in texts for key, text in each.get("later", {}).items()}
    made = [
        entry for each in texts for group in each.get("group", ()) for entry in _of_group(group, examples, later, seed)
    ]
    made += [entry for each in texts for group in each.get("modules", ()) for entry in _of_modules(group, later)]
    made += [
        ApiEntry(name, "Options", "option", line=line, in_seed=name in seed)
        for each in texts
        for name, line in each.get("options", {}).items()
    ]
    order = list(dict.fromkeys(entry.group for entry in made))
    return iter(sorted(made, key=lambda entry: order.index(entry.group)))


def _of_group(
    group: dict[str, Any], examples: dict[str, str], later: dict[str, str], seed: frozenset[str]
) -> Iterator[ApiEntry]:
    module = group["module"]
    for name, line in group["lines"].items():
        found = _look_up(module, name)
        example = examples[group.get("examples", {}).get(name, group["example"])]
        yield ApiEntry(
            name=f"{module}.{name}",
            group=group["title"],
            what=_what(found),
            flows=tuple(group["flows"]),
            stages=tuple(group["stages"]),
            line=line,
            signature=_signature(name, found),
            example=example.replace("{name}", name).replace("{module}", module),
            later=later[group["later"]],
            in_seed=name in seed,
        )


def _of_modules(group: dict[str, Any], later: dict[str, str]) -> Iterator[ApiEntry]:
    package = importlib.import_module(group["package"])
    names = getattr(package, "__all__", None) or [name for name in dir(package) if name[0].isupper()]
    for name in sorted(names):
        yield ApiEntry(
            name=f"{group['package']}.{name}",
            group=group["title"],
            what="class",
            flows=tuple(group["flows"]),
            stages=tuple(group["stages"]),
            line=group["line"].format(name=name),
            signature=_signature(name, getattr(package, name)),
            example=f"from {group['package']} import {name}\n\nprint({name}.__mro__)\n",
            later=later["modules"],
        )


def _public_names() -> Iterator[str]:
    for module in PUBLIC:
        package = importlib.import_module(module)
        for name in package.__all__:
            if module.endswith(".qconfig") and name in importlib.import_module("torch.ao.quantization").__all__:
                continue  # told there
            yield f"{module}.{name}"
    fx = importlib.import_module("torch.ao.quantization.quantize_fx")
    own = (name for name, value in vars(fx).items() if getattr(value, "__module__", "") == fx.__name__)
    yield from (f"{fx.__name__}.{name}" for name in own if not name.startswith("_"))


def _look_up(module: str, name: str) -> Any:
    """Return what torch has under a name; None where it lists a name that it has not."""
    if module.startswith("torch.ops."):
        importlib.import_module("torch.ao.quantization.fx._decomposed")
        import torch

        return getattr(getattr(torch.ops, module.removeprefix("torch.ops.")), name)
    package = importlib.import_module(module)
    listed = name in getattr(package, "__all__", ())
    if not hasattr(package, name) and not listed:
        sys.exit(f"scripts/api_texts names {module}.{name}, which this torch has not")
    return getattr(package, name, None)


def _what(found: Any) -> str:
    if inspect.isclass(found):
        return "class"
    return "function" if inspect.isfunction(found) or type(found).__name__ == "OpOverloadPacket" else "constant"


def _signature(name: str, found: Any) -> str:
    if not (inspect.isclass(found) or inspect.isfunction(found)):
        return name
    try:
        written = str(inspect.signature(found))
    except (TypeError, ValueError):
        return name
    # Addresses of default objects would differ from run to run.
    return name if " at 0x" in written or "<class" in written else f"{name}{written}"


def _page(entries: tuple[ApiEntry, ...]) -> Iterator[str]:
    import torch

    yield "# torch's quantization API"
    yield ""
    version = torch.__version__.partition("+")[0]
    yield f"Every public name of quantization in torch {version}, with the flow and stage it belongs to."
    yield "Help in the window (F1) shows the same. Written by `scripts/api_page.py`; mend `scripts/api_texts`."
    for group, each in groupby(entries, key=lambda entry: entry.group):
        of_group = list(each)
        yield from ("", f"## {group}", "")
        for later in dict.fromkeys(entry.later for entry in of_group if entry.later):
            yield from (f"In torch 2.10 and torchao: {later}", "")
        for entry in of_group:
            yield from _written(entry)


def _written(entry: ApiEntry) -> Iterator[str]:
    where = " · ".join(filter(None, (", ".join(entry.flows), ", ".join(entry.stages))))
    yield from (f"### `{entry.name}`", "", entry.line + (f" *{where}*" if where else ""), "")
    if entry.signature and entry.what != "option":
        yield from ("```text", entry.signature, "```", "")
    if entry.example:
        yield from ("<details><summary>Example</summary>", "", "```python")
        yield from (entry.example.rstrip(), "```", "", "</details>", "")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
