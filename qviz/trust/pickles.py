"""Reads what a pickle would do from its opcodes alone: nothing is imported, called or built.

The machine keeps a stack of plain values. What a pickle would look up is a `PickledName`, what it would call is a
`PickledCall`; neither is ever anything else. What the machine does not know ends the reading, and is said.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

MOST_OPCODES = 500_000
"""Of all pickles of a file; that of a whole efficientnet_b7 has 156,000. Reading so many takes about half a second."""
_LONGEST_TEXT = 80


class PickledName(NamedTuple):
    """Something that a pickle imports."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class PickledCall(NamedTuple):
    """Something that a pickle calls: a function or a class with arguments; `state` is what it is then given."""

    function: Any
    arguments: Any
    states: list[Any]

    def __str__(self) -> str:
        return f"{self.function}({_short(self.arguments)})"


class PickledStorage(NamedTuple):
    """The bytes of a tensor, which stand elsewhere: what the pickle says of them."""

    said: Any


class PickleLook(NamedTuple):
    """What was read.

    Attributes:
        names: What it would import, each once.
        calls: What it would call, in order.
        value: What stood on the stack in the end.
        trouble: Why it was not read to its end; "" if it was.
        opcodes: How many were read.
    """

    names: tuple[PickledName, ...]
    calls: tuple[PickledCall, ...]
    value: Any
    trouble: str = ""
    opcodes: int = 0


class _UnreadError(Exception):
    """The machine does not know what a pickle would do."""


_MARK = object()


@dataclass
class _Machine:
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    names: dict[PickledName, None] = field(default_factory=dict)
    calls: list[PickledCall] = field(default_factory=list)

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise _UnreadError("its stack is empty")
        return self.stack.pop()

    def to_mark(self) -> list[Any]:
        items: list[Any] = []
        while self.stack:
            if (each := self.stack.pop()) is _MARK:
                return items[::-1]
            items.append(each)
        raise _UnreadError("a mark is missing")

    def name(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise _UnreadError("it computes what it imports")
        found = PickledName(module, name)
        self.names[found] = None
        self.stack.append(found)

    def call(self, function: Any, arguments: Any) -> None:
        made = PickledCall(function, arguments, [])
        self.calls.append(made)
        self.stack.append(made)


def look_into(data: bytes, most: int = MOST_OPCODES) -> PickleLook:
    """Return what a pickle would import and call.

    Args:
        data: The pickle.
        most: How many opcodes may be read.
    """
    machine, value, count = _Machine(), None, 0
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(data), 1):
            if count > most:
                raise _UnreadError("it is too long")
            if opcode.name == "STOP":
                value = machine.pop()
                break
            _step(machine, opcode.name, argument)
    except _UnreadError as error:
        return PickleLook((*machine.names,), (*machine.calls,), None, str(error), count)
    except Exception as error:  # bytes of anybody: pickletools raises what it meets
        return PickleLook((*machine.names,), (*machine.calls,), None, f"{type(error).__name__}: {error}", count)
    return PickleLook((*machine.names,), (*machine.calls,), value, opcodes=count)


def _step(machine: _Machine, opcode: str, argument: Any) -> None:
    if opcode in _PUSHES:
        machine.stack.append(argument)
    elif opcode in _CONSTANTS:
        machine.stack.append(_CONSTANTS[opcode]())
    elif opcode in _STEPS:
        _STEPS[opcode](machine, argument)
    elif opcode not in ("PROTO", "FRAME"):
        raise _UnreadError(f"it uses {opcode}")


_PUSHES = frozenset(
    {
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "FLOAT",
        "BINFLOAT",
    }
)
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": set,
    "MARK": lambda: _MARK,
}


def _memoize(machine: _Machine, at: int | None) -> None:
    machine.memo[len(machine.memo) if at is None else at] = machine.stack[-1]


def _get(machine: _Machine, at: int) -> None:
    if at not in machine.memo:
        raise _UnreadError("it reads what it did not keep")
    machine.stack.append(machine.memo[at])


def _tuple(machine: _Machine, count: int) -> None:
    items = [machine.pop() for _ in range(count)]
    machine.stack.append(tuple(items[::-1]))


def _extend(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if isinstance(target, list):
        target.extend(items)
    elif isinstance(target, PickledCall):
        target.states.append(items)
    else:
        raise _UnreadError("it appends to what is no list")


def _add(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, set):
        raise _UnreadError("it adds to what is no set")
    target.update(map(_key, items))


def _set(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    pairs = list(zip(items[::2], items[1::2], strict=True))
    if isinstance(target, dict):
        target.update((_key(key), value) for key, value in pairs)
    elif isinstance(target, PickledCall):
        target.states.append({_key(key): value for key, value in pairs})
    else:
        raise _UnreadError("it sets items of what is no dict")


def _dict(machine: _Machine) -> None:
    items = machine.to_mark()
    machine.stack.append({})
    _set(machine, items)


def _drop(machine: _Machine) -> None:
    machine.stack.pop()


def _drop_to_mark(machine: _Machine) -> None:
    machine.to_mark()


def _key(key: Any) -> Any:
    if isinstance(key, (str, int, float, bytes, bool, type(None), PickledName)):
        return key
    return _short(key)


def _build(machine: _Machine) -> None:
    state = machine.pop()
    target = machine.stack[-1]
    if not isinstance(target, PickledCall):
        raise _UnreadError("it gives a state to what takes none")
    target.states.append(state)


def _instance(machine: _Machine, argument: str) -> None:
    items = machine.to_mark()
    module, _, name = argument.partition(" ")
    machine.name(module, name)
    machine.call(machine.pop(), tuple(items))


def _object(machine: _Machine) -> None:
    function, *items = machine.to_mark()
    machine.call(function, tuple(items))


def _new(machine: _Machine, has_keywords: bool) -> None:
    keywords = machine.pop() if has_keywords else None
    arguments = machine.pop()
    machine.call(machine.pop(), arguments if keywords is None else (arguments, keywords))


def _reduce(machine: _Machine) -> None:
    arguments = machine.pop()
    machine.call(machine.pop(), arguments)


def _named_by_stack(machine: _Machine) -> None:
    name = machine.pop()
    machine.name(machine.pop(), name)


_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "POP": lambda machine, _: _drop(machine),
    "POP_MARK": lambda machine, _: _drop_to_mark(machine),
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    "LIST": lambda machine, _: machine.stack.append(machine.to_mark()),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.to_mark())),
    "TUPLE1": lambda machine, _: _tuple(machine, 1),
    "TUPLE2": lambda machine, _: _tuple(machine, 2),
    "TUPLE3": lambda machine, _: _tuple(machine, 3),
    "DICT": lambda machine, _: _dict(machine),
    "FROZENSET": lambda machine, _: machine.stack.append(frozenset(map(_key, machine.to_mark()))),
    "APPEND": lambda machine, _: _extend(machine, [machine.pop()]),
    "APPENDS": lambda machine, _: _extend(machine, machine.to_mark()),
    "SETITEM": lambda machine, _: _set(machine, [machine.pop(), machine.pop()][::-1]),
    "SETITEMS": lambda machine, _: _set(machine, machine.to_mark()),
    "ADDITEMS": lambda machine, _: _add(machine, machine.to_mark()),
    "GLOBAL": lambda machine, said: machine.name(*said.split(" ", 1)),
    "STACK_GLOBAL": lambda machine, _: _named_by_stack(machine),
    "INST": _instance,
    "OBJ": lambda machine, _: _object(machine),
    "REDUCE": lambda machine, _: _reduce(machine),
    "NEWOBJ": lambda machine, _: _new(machine, has_keywords=False),
    "NEWOBJ_EX": lambda machine, _: _new(machine, has_keywords=True),
    "BUILD": lambda machine, _: _build(machine),
    "PERSID": lambda machine, said: machine.stack.append(PickledStorage(said)),
    "BINPERSID": lambda machine, _: machine.stack.append(PickledStorage(machine.pop())),
    "PUT": _memoize,
    "BINPUT": _memoize,
    "LONG_BINPUT": _memoize,
    "MEMOIZE": lambda machine, _: _memoize(machine, None),
    "GET": _get,
    "BINGET": _get,
    "LONG_BINGET": _get,
}


def _short(value: Any) -> str:
    """Return a value in a few words; deep ones are cut on the way, not after."""
    pieces, length = [], 0
    for each in _pieces(value, 4):
        pieces.append(each)
        length += len(each)
        if length > _LONGEST_TEXT:  # each of a million calls may have the same large argument
            break
    text = "".join(pieces)
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def _pieces(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, PickledCall):
        yield f"{value.function if isinstance(value.function, PickledName) else '…'}(…)"
    elif isinstance(value, PickledStorage):
        yield "storage"
    elif isinstance(value, (list, tuple, dict)) and not isinstance(value, PickledName):
        if depth == 0:
            yield "…"
            return
        for count, each in enumerate(islice(value, 8)):
            yield ", " * bool(count)
            yield from _pieces(each, depth - 1)
    elif isinstance(value, PickledName):
        yield str(value)
    else:
        yield repr(value)[:_LONGEST_TEXT]
