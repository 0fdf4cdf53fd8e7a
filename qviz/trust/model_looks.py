"""Tells what a file of torch holds and would run, without torch, without running any of it."""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

from qviz.document.regular_files import OpenedFile
from qviz.trust.archive_layout import is_of_torch_save
from qviz.trust.pickles import MOST_OPCODES, PickledCall, PickledName, PickledStorage, PickleLook, look_into
from qviz.words import tr
from qviz.words.visible import one_line

_MOST_MEMBERS = 100_000
_LARGEST_PICKLE = 64 << 20
_LARGEST_GRAPH = 16 << 20
_MOST_BYTES = 128 << 20
"""Of all members that are read."""
_LARGEST_COMPRESSED = 1 << 20
"""torch compresses nothing but what it keeps for its debugger; what is larger unpacked may be made to be."""
_COMPILED = (".so", ".dll", ".dylib", ".cubin")
_OPERATOR = re.compile(r"torch\.ops\.[\w.]+|_operator\.\w+|math\.\w+|torch\.(_sym|sym)_\w+")
"""What a node of an exported graph may call: torch walks from itself to whatever else a target names."""
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(")
_OF_SIZES = frozenset(
    {
        "Abs", "Max", "Min", "Mod", "ModularIndexing", "PythonMod", "FloorDiv", "CeilDiv", "CleanDiv", "Where", "Eq",
        "Ne", "Lt", "Le", "Gt", "Ge", "And", "Or", "Not", "Piecewise", "IntTrueDiv", "FloatTrueDiv", "ToFloat",
        "TruncToInt", "TruncToFloat", "RoundToInt", "RoundDecimal", "FloorToInt", "CeilToInt", "Identity",
        "PowByNatural", "FloatPow", "LShift", "RShift", "floor", "ceiling", "sqrt", "log", "exp",
    }
)  # fmt: skip
"""Functions that formulas of sizes call; sympy would call any other of Python's, too."""
_PLAIN = "0123456789 .+-*/(),_<>=&|~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STORAGES = {
    "ByteStorage": 1, "CharStorage": 1, "BoolStorage": 1, "QInt8Storage": 1, "QUInt8Storage": 1,
    "ShortStorage": 2, "HalfStorage": 2, "BFloat16Storage": 2, "IntStorage": 4, "FloatStorage": 4, "QInt32Storage": 4,
    "LongStorage": 8, "DoubleStorage": 8, "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16,
}  # fmt: skip
"""Bytes of an element by the class of its storage."""
_REBUILD = PickledName("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = PickledName("torch._utils", "_rebuild_parameter")
_ORDERED = PickledName("collections", "OrderedDict")


class ArchiveMember(NamedTuple):
    """One file inside an archive, with its size in bytes."""

    name: str
    size: int


class FileLook(NamedTuple):
    """What a file holds.

    Attributes:
        members: Of its archive; none of a bare pickle.
        imports: What it would import and could call, as ``os.system``.
        calls: What it would call, with the arguments as far as they are plain.
        operators: Of an exported graph.
        inputs: Of an exported graph: ``x 1×3×224×224``.
        compiled: Members that are machine code.
        trouble: What was not understood; none of it is known to be harmless.
        is_tensors: It holds tensors and nothing else, and every one fits the bytes that are there.
        modules: Which modules its pickles would import, as they name them.
    """

    members: tuple[ArchiveMember, ...] = ()
    imports: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()
    is_tensors: bool = False
    modules: tuple[str, ...] = ()


@dataclass
class _Left:
    """What may still be read of a file: many small members would take as long as a large one."""

    opcodes: int = MOST_OPCODES
    size: int = _MOST_BYTES

    def look_into(self, data: bytes) -> PickleLook:
        """Look into a pickle as far as opcodes are left."""
        looked = look_into(data, self.opcodes)
        self.opcodes -= looked.opcodes
        return looked


def look(content: OpenedFile) -> FileLook:
    """Return what a ``.pt2``, a ``.pt`` or a bare pickle holds and would run."""
    content.file.seek(0)
    try:
        if content.file.read(4) == b"PK\x03\x04":
            with zipfile.ZipFile(content.file) as archive:
                return _archive(archive, content.file)
        return _bare(content)
    except Exception as error:  # bytes of anybody: zipfile, zlib and json raise a dozen kinds
        return FileLook(trouble=(one_line(f"{type(error).__name__}: {error}"),))
    finally:
        content.file.seek(0)


def _bare(content: OpenedFile) -> FileLook:
    if content.size > _LARGEST_PICKLE:
        return FileLook(trouble=(tr("it is larger than what is read before it may run"),))
    looked = look_into(content.read())
    return _told((), [("", looked)], (tr("it is not an archive of torch.save"),))


def _archive(archive: zipfile.ZipFile, file: BinaryIO) -> FileLook:
    infos = archive.infolist()
    trouble: list[str] = []
    if len(infos) > _MOST_MEMBERS:
        return FileLook(trouble=(tr("it has more members than are read"),))
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        trouble.append(tr("two of its members have one name"))
    members = tuple(ArchiveMember(one_line(info.filename), info.file_size) for info in infos)
    pickles: list[tuple[str, PickleLook]] = []
    operators: list[str] = []
    inputs: list[str] = []
    left = _Left()
    for info in infos:
        if (read := _member(archive, info, trouble, left)) is None:
            continue
        if _is_zip(read):
            pickles += _inner(info.filename, read, trouble, left)
        elif _is_pickle(info.filename, read):
            pickles.append((info.filename, left.look_into(read)))
        elif info.filename.endswith(".json"):
            _graph(read, operators, inputs, trouble)
    found = _told(members, pickles, tuple(trouble))
    tensors = len(pickles) == 1 and not trouble and _are_tensors(pickles[0], archive)
    if tensors and not is_of_torch_save(archive, file, pickles[0][0].rpartition("/")[0]):
        tensors = False
        found = found._replace(trouble=(tr("its members are not laid out as torch.save lays them out"),))
    compiled = tuple(one_line(name) for name in names if name.endswith(_COMPILED))
    return found._replace(
        operators=tuple(dict.fromkeys(operators)), inputs=tuple(inputs), compiled=compiled, is_tensors=tensors
    )


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, trouble: list[str], left: _Left) -> bytes | None:
    """Return a member that may be code; None for the bytes of a tensor, of which only the beginning is looked at."""
    is_graph = info.filename.endswith(".json")
    limit = min(_LARGEST_GRAPH if is_graph else _LARGEST_PICKLE, left.size)
    if info.compress_type != zipfile.ZIP_STORED:
        limit = min(limit, _LARGEST_COMPRESSED)
    with archive.open(info) as file:
        head = file.read(64)
        if not (is_graph or _is_zip(head) or _is_pickle(info.filename, head)):
            return None
        rest = file.read(limit)
    left.size -= len(rest)
    if len(rest) >= limit:
        trouble.append(tr("{name} is larger than what is read before it may run", name=one_line(info.filename)))
        return None
    return head + rest


def _inner(name: str, data: bytes, trouble: list[str], left: _Left) -> Iterator[tuple[str, PickleLook]]:
    """Yield the pickles of an archive inside an archive: the weights of an exported program."""
    import io

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist()[:_MOST_MEMBERS]:
                read = _member(archive, info, trouble, left)
                if read is not None and _is_pickle(info.filename, read):
                    yield f"{name}/{info.filename}", left.look_into(read)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        trouble.append(one_line(f"{name}: {error}"))


def _is_zip(head: bytes) -> bool:
    return head[:4] == b"PK\x03\x04"


def _is_pickle(name: str, head: bytes) -> bool:
    """Tell whether a member is, or may be, unpickled: by its name, or by how pickles begin."""
    is_bytes = "/data/" in f"/{name}" and name.rpartition("/")[2].isdigit()
    return name.endswith((".pkl", ".pt", ".pickle")) or (head[:1] == b"\x80" and not is_bytes)


def _told(
    members: tuple[ArchiveMember, ...], pickles: list[tuple[str, PickleLook]], trouble: tuple[str, ...]
) -> FileLook:
    imports = dict.fromkeys(one_line(str(name)) for _, each in pickles for name in each.names)
    calls = dict.fromkeys(one_line(str(call)) for _, each in pickles for call in each.calls)
    said = [one_line(f"{name}: {each.trouble}" if name else each.trouble) for name, each in pickles if each.trouble]
    modules = dict.fromkeys(name.module for _, each in pickles for name in each.names)
    return FileLook(members, (*imports,), (*calls,), trouble=(*trouble, *said), modules=(*modules,))


def _graph(data: bytes, operators: list[str], inputs: list[str], trouble: list[str]) -> None:
    """Read operators and input shapes of an exported graph from its JSON; sizes that are formulas stay text."""
    try:
        whole = json.loads(data)
        module = whole.get("graph_module") or {}
        graph = module.get("graph") or {}
        for target in _targets(graph):
            operators.append(one_line(target))
            if not _OPERATOR.fullmatch(target):
                trouble.append(tr("its graph calls {name}", name=one_line(target)))
        tensors = graph.get("tensor_values") or {}
        for spec in (module.get("signature") or {}).get("input_specs") or ():
            name = _user_input(spec)
            if name in tensors:
                inputs.append(one_line(f"{name} {_shape(tensors[name])}"))
        trouble += [tr("a size is the formula {text}", text=one_line(each)) for each in _formulas(whole)]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        trouble.append(one_line(f"{type(error).__name__}: {error}"))


def _user_input(spec: Any) -> str:
    argument = ((spec.get("user_input") or {}).get("arg") or {}).get("as_tensor") or {}
    return str(argument.get("name", ""))


def _shape(tensor: Any) -> str:
    sides = (each.get("as_int", (each.get("as_expr") or {}).get("expr_str", "?")) for each in tensor["sizes"])
    return "×".join(map(str, sides))


def _formulas(value: Any) -> Iterator[str]:
    """Yield the formulas that torch would have sympy evaluate and that are more than arithmetic."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            text = each.get("expr_str")
            if isinstance(text, str) and not _is_of_sizes(text):
                yield text
            left += each.values()
        elif isinstance(each, list):
            left += each


def _is_of_sizes(text: str) -> bool:
    is_plain = set(text) <= set(_PLAIN) and "__" not in text and "." not in text
    return is_plain and _OF_SIZES.issuperset(_CALLED.findall(text))


def _targets(value: Any) -> Iterator[str]:
    """Yield what the nodes of a graph call, those of the graphs inside it too."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            if "target" in each and "inputs" in each:
                yield str(each["target"])
            left += reversed(each.values())
        elif isinstance(each, list):
            left += reversed(each)


def _are_tensors(pickle: tuple[str, PickleLook], archive: zipfile.ZipFile) -> bool:
    """Tell whether a pickle builds tensors, in dicts and lists, and nothing else.

    Every tensor must fit its storage and every storage the bytes in the archive: torch itself does not look.
    """
    name, looked = pickle
    root = name.rpartition("/")[0]
    sizes = {info.filename: info.file_size for info in archive.infolist()}
    known = {_REBUILD, _PARAMETER, _ORDERED, *(PickledName("torch", each) for each in _STORAGES)}
    if looked.trouble or set(looked.names) - known:
        return False
    return all(_is_tensor_call(each, root, sizes) for each in looked.calls) and _is_plain(looked.value)


def _is_plain(value: Any) -> bool:
    left, seen = [value], set[int]()
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, PickledName):
            return False
        if isinstance(each, PickledCall):
            left += each.states
        elif isinstance(each, dict):
            left += each.values()
        elif isinstance(each, (list, tuple)):
            left += each
        elif not isinstance(each, (str, int, float, bool, bytes, type(None))):
            return False
    return True


def _is_tensor_call(call: PickledCall, root: str, sizes: dict[str, int]) -> bool:
    if call.function == _ORDERED:
        return call.arguments == () and all(isinstance(each, dict) for each in call.states)
    if call.function == _PARAMETER:
        return not call.states and len(call.arguments) == 3 and _is_rebuilt(call.arguments[0])
    return call.function == _REBUILD and not call.states and _fits(call.arguments, root, sizes)


def _is_rebuilt(value: Any) -> bool:
    return isinstance(value, PickledCall) and value.function == _REBUILD


def _fits(arguments: Any, root: str, sizes: dict[str, int]) -> bool:
    """Tell whether a tensor lies within its storage: (storage, offset, sizes, strides, requires_grad, hooks)."""
    if not isinstance(arguments, tuple) or len(arguments) not in (6, 7) or not isinstance(arguments[0], PickledStorage):
        return False
    said, offset, shape, strides = arguments[0].said, *arguments[1:4]
    if not isinstance(said, tuple) or len(said) != 5 or said[0] != "storage" or not isinstance(said[1], PickledName):
        return False
    _, kind, key, _, count = said
    numbers = (offset, count, *_numbers(shape), *_numbers(strides))
    if not all(type(each) is int and 0 <= each < 1 << 62 for each in numbers) or len(shape) != len(strides):
        return False
    has = sizes.get(f"{root}/data/{key}" if root else f"data/{key}", -1)
    width = _STORAGES.get(kind.name, 0)
    reach = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True)) + 1
    is_empty = math.prod(shape) == 0
    return width > 0 and has >= count * width and (is_empty or reach <= count)


def _numbers(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ("",)
