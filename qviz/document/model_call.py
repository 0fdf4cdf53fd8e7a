"""What a model is called with, as far as its layers tell, and what came of a call: plain data for the inputs page."""

from __future__ import annotations

from qviz.document.graph import Record
from qviz.document.said import Said

OWN = "guess.own"
"""The reason of what the inputs that stand with a model say."""


class ArgumentGuess(Record, frozen=True):
    """One argument of ``forward``, or one part of an argument that holds several tensors.

    Attributes:
        name: Of the argument.
        part: Which part of it: an index of a tuple, a key of a dict; "" for the whole.
        text: The guess as ``--input`` takes it, without a name; "" where nothing is known.
        default: Its default as Python writes it; "" for an argument that has to be given.
        is_left_out: Whether the guess leaves it at its default.
        layer_path: The path of the module that uses it first.
        layer: That module or function with its sizes, in torch's terms: ``Conv2d 3 → 32, 3×3``.
        reasons: Where shape and values come from, and what of them is free.
    """

    name: str
    part: str = ""
    text: str = ""
    default: str = ""
    is_left_out: bool = False
    layer_path: str = ""
    layer: str = ""
    reasons: tuple[Said, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether it is no guess: the inputs that stand with the model have it."""
        return any(each.code == OWN for each in self.reasons)


class ModelCall(Record, frozen=True):
    """What a model was found to take.

    Attributes:
        type: The class of the model.
        modules: How many modules it has.
        parameters: How many numbers are in its parameters.
        arguments: Those of ``forward``, in its order.
        runs: Whether the model runs on the guesses.
        own: The inputs that stand with the model, written as shape and dtype; none where there are none.
        fault: What the model said of the last guess, if it runs on none.
    """

    type: str
    modules: int
    parameters: int
    arguments: tuple[ArgumentGuess, ...]
    runs: bool
    own: tuple[str, ...] = ()
    fault: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The guesses as ``--input`` and `Plan.inputs` take them, without what is left at its default."""
        return texts_of(self.arguments)


class TriedCall(Record, frozen=True):
    """What came of one call of the model.

    Attributes:
        inputs: Shape and dtype of each input.
        outputs: Shape and dtype of each output.
        operators: How many operators of torch ran.
        modules: How many modules the model has.
        unreached: Modules that the call did not reach; of a module with all that is in it, only that one.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operators: int
    modules: int
    unreached: tuple[str, ...] = ()


def texts_of(arguments: tuple[ArgumentGuess, ...]) -> tuple[str, ...]:
    """Return guesses as the texts of ``--input``: the parts of an argument in one, none of what is left out."""
    whole: dict[str, list[ArgumentGuess]] = {}
    for each in arguments:
        if not each.is_left_out and each.text:
            whole.setdefault(each.name, []).append(each)
    return tuple(f"{name}={_joined(parts)}" if name.isidentifier() else _joined(parts) for name, parts in whole.items())


def _joined(parts: list[ArgumentGuess]) -> str:
    if not parts[0].part:
        return parts[0].text
    if all(each.part.isdigit() for each in parts):
        return f"({','.join(each.text for each in parts)})"
    return "{" + ",".join(f"{each.part}={each.text}" for each in parts) + "}"
