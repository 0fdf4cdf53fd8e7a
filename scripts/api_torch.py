"""What the installed torch says about a name of its API: whether it is there, what it is, how it is declared."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

What: TypeAlias = Literal["function", "class", "constant", "option"]

PUBLIC = (
    "torch.ao.quantization",
    "torch.ao.quantization.quantize_pt2e",
    "torch.ao.quantization.pt2e.lowering",
    "torch.ao.quantization.backend_config",
    "torch.ao.quantization.fx.custom_config",
    "torch.ao.quantization.quantizer",
    "torch.ao.quantization.quantizer.xnnpack_quantizer",
    "torch.ao.quantization.quantizer.xnnpack_quantizer_utils",
    "torch.ao.quantization.quantizer.x86_inductor_quantizer",
    "torch.ao.quantization.quantizer.xpu_inductor_quantizer",
    "torch.ao.quantization.quantizer.embedding_quantizer",
    "torch.ao.quantization.quantizer.composable_quantizer",
    "torch.ao.quantization.qconfig",
)
"""The packages whose public names all need a text."""

ADDRESS = re.compile(r"<function (\S+) at 0x[0-9a-f]+>")
CLASS = re.compile(r"<class '([^']+)'>")
SCHEMA = "quantized_decomposed"
LONGEST_VALUE = 400


def public_names() -> Iterator[str]:
    """Yield every public name of torch's quantization, but for the modules of ``torch.ao.nn``."""
    told = set(importlib.import_module("torch.ao.quantization").__all__)
    for module in PUBLIC:
        for name in importlib.import_module(module).__all__:
            if module.endswith(".qconfig") and name in told:
                continue  # torch.ao.quantization has it too
            yield f"{module}.{name}"
    fx = importlib.import_module("torch.ao.quantization.quantize_fx")
    own = (name for name, value in vars(fx).items() if getattr(value, "__module__", "") == fx.__name__)
    yield from (f"{fx.__name__}.{name}" for name in own if not name.startswith("_"))
    yield from (f"torch.ops.{SCHEMA}.{name}" for name in _decomposed_operators())


def _decomposed_operators() -> list[str]:
    importlib.import_module("torch.ao.quantization.fx._decomposed")
    import torch

    schemas = torch._C._jit_get_all_schemas()  # noqa: SLF001 - the only list of them
    names = {each.name.partition("::")[2] for each in schemas if each.name.startswith(f"{SCHEMA}::")}
    return sorted(name for name in names if not name.startswith("_"))


def names_of(package: str) -> list[str]:
    """Return the classes that a package of modules offers."""
    module = importlib.import_module(package)
    names = getattr(module, "__all__", None) or [name for name in dir(module) if name[0].isupper()]
    return sorted(name for name in names if inspect.isclass(getattr(module, name)))


def look_up(module: str, name: str) -> Any:
    """Return what torch has under a name; None where its own list names something that is not there."""
    if module.startswith("torch.ops."):
        importlib.import_module("torch.ao.quantization.fx._decomposed")
        import torch

        return getattr(getattr(torch.ops, module.removeprefix("torch.ops.")), name)
    package = importlib.import_module(module)
    if not hasattr(package, name) and name not in getattr(package, "__all__", ()):
        sys.exit(f"scripts/api_texts names {module}.{name}, which this torch has not")
    return getattr(package, name, None)


def what(found: object) -> What:
    """Return what it is."""
    if inspect.isclass(found):
        return "class"
    is_operator = type(found).__name__ in ("OpOverloadPacket", "OutDtypeOperator")
    return "function" if is_operator or inspect.isroutine(found) else "constant"


def signature(name: str, found: object) -> str:
    """Return how something is declared, or what a constant holds; without addresses, which change from run to run."""
    if type(found).__name__ == "OpOverloadPacket":
        packet: Any = found
        return str(getattr(packet, packet.overloads()[0])._schema)  # noqa: SLF001 - the only place of it
    if inspect.isclass(found) or inspect.isfunction(found):
        return _called(name, found)
    if inspect.isroutine(found):
        first = (found.__doc__ or "").strip().partition("\n")[0]
        return first if first.startswith(name) else name
    value = _readable(repr(found))
    is_short = found is not None and len(value) <= LONGEST_VALUE and "\n" not in value
    return f"{name} = {value}" if is_short and " at 0x" not in value else name


def _called(name: str, found: Callable[..., object]) -> str:
    try:
        written = _readable(str(inspect.signature(found)))
    except (TypeError, ValueError):
        return name
    return name if " at 0x" in written else f"{name}{written}"


def _readable(text: str) -> str:
    text = CLASS.sub(r"\1", ADDRESS.sub(r"\1", text))
    return text.replace("){}", ")")


def option(name: str, functions: list[str]) -> str:
    """Return how functions take an option, as ``convert_pt2e(fold_quantize=True)``."""
    written = []
    for function in functions:
        module, _, short = function.rpartition(".")
        parameters = inspect.signature(look_up(module, short)).parameters
        if name not in parameters:
            sys.exit(f"scripts/api_texts says that {function} takes {name}, which it does not")
        default = parameters[name].default
        value = "" if default is inspect.Parameter.empty else f"={_readable(repr(default))}"
        written.append(f"{short}({name}{value})")
    return ", ".join(written)
