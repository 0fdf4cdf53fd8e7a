"""What torch 2.8 quantizes, as tables: the three ways compared, and operators by static and dynamic.

Every cell of the operators is run by tests/engine/test_support.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Cell(NamedTuple):
    """Whether it works, and how or why not in a few words."""

    works: bool
    how: str = ""

    def __str__(self) -> str:
        return ("yes" if self.works else "no") + (f", {self.how}" if self.how else "")


class Support(NamedTuple):
    """One operator.

    Attributes:
        name: As torch.nn calls it.
        calls: Bare lower-case names under which a graph calls it.
        note: Where torch 2.8 differs from its own documentation.
    """

    name: str
    static: Cell
    dynamic: Cell
    calls: tuple[str, ...] = ()
    note: str = ""


_YES, _NO = Cell(True), Cell(False)
_NO_CONV = Cell(False, "stays float")
_CONV_NOTE = "torch.ao.nn.quantized.dynamic.Conv1d/2d/3d exist, but no flow puts them in"
_BY_QUINT8 = Cell(True, "weights only: quantize_dynamic with dtype=torch.quint8")
_EMBEDDING_NOTE = "quantize_dynamic with its default qint8 leaves embeddings in float"
_ACTIVATIONS = (
    "elu gelu hardsigmoid hardswish hardtanh leakyrelu leaky_relu prelu relu relu6 sigmoid silu softmax tanh mish"
)

OPERATORS: tuple[Support, ...] = (
    Support("Linear", _YES, _YES, ("linear", "addmm")),
    Support("Conv1d", _YES, _NO_CONV, ("conv1d",), _CONV_NOTE),
    Support(
        "Conv2d", _YES, _NO_CONV, ("conv2d",), f"{_CONV_NOTE}; PT2E's X86InductorQuantizer quantizes it dynamically"
    ),
    Support("Conv3d", _YES, _NO_CONV, ("conv3d",), f"{_CONV_NOTE}; PT2E's XNNPACKQuantizer leaves it in float"),
    Support("LSTM", Cell(True, "custom module torch.ao.nn.quantizable.LSTM"), _YES, ("lstm",)),
    Support(
        "GRU",
        _NO,
        _YES,
        ("gru",),
        "eager static fails on its tuple of outputs; PT2E's XNNPACKQuantizer, too, while preparing",
    ),
    Support("RNNCell", _NO, _YES, ("rnncell", "rnn_tanh_cell", "rnn_relu_cell")),
    Support("GRUCell", _NO, _YES, ("grucell", "gru_cell")),
    Support("LSTMCell", _NO, _YES, ("lstmcell", "lstm_cell")),
    Support(
        "EmbeddingBag",
        Cell(True, "activations stay float32"),
        _BY_QUINT8,
        ("embeddingbag", "embedding_bag"),
        _EMBEDDING_NOTE,
    ),
    Support("Embedding", Cell(True, "activations stay float32"), _BY_QUINT8, ("embedding",), _EMBEDDING_NOTE),
    Support(
        "MultiheadAttention",
        Cell(True, "custom module torch.ao.nn.quantizable.MultiheadAttention"),
        Cell(False, "not by eager and FX"),
        ("multiheadattention",),
        "PT2E sees the linears inside it and quantizes them, statically and dynamically",
    ),
    Support(
        "Activations",
        Cell(True, "widely"),
        Cell(False, "computed in float32"),
        tuple(_ACTIVATIONS.split()),
        "widely means eager and FX; PT2E's XNNPACKQuantizer takes relu behind conv, linear, add and mul",
    ),
)


class Trait(NamedTuple):
    """One line of the comparison of the three ways to quantize."""

    what: str
    eager: str
    fx: str
    pt2e: str


TRAITS: tuple[Trait, ...] = (
    Trait("Release status", "beta", "prototype, in maintenance", "prototype"),
    Trait("Operator fusion", "by hand", "automatic", "automatic"),
    Trait("Quantize and dequantize placed", "by hand", "automatic", "automatic"),
    Trait("Modules", "yes", "yes", "yes"),
    Trait("Functionals and torch operators", "by hand, FloatFunctional", "automatic", "yes"),
    Trait("Customization", "limited", "full", "full"),
    Trait(
        "Modes",
        "static, dynamic, weight only; QAT static",
        "static, dynamic, weight only; QAT static",
        "what the backend's quantizer defines",
    ),
    Trait(
        "Takes and gives",
        "torch.nn.Module",
        "torch.nn.Module, made traceable where torch.fx cannot follow it",
        "torch.fx.GraphModule, captured by torch.export",
    ),
)
"""As torch's own documentation compares them; `TRAITS_NOTE` says what 2.8 does otherwise."""

TRAITS_NOTE = (
    "The documentation says that PT2E QAT lacks batch norm; torch 2.8 takes it, with is_qat=True and strict capture."
)


def used(types: Iterable[str], operators: Iterable[str]) -> frozenset[str]:
    """Return the names of the table's operators that a model has.

    Args:
        types: Class names of its modules.
        operators: Bare names of what its captured graph calls.
    """
    have = {each.lower() for each in (*types, *operators)}
    return frozenset(row.name for row in OPERATORS if row.name.lower() in have or have.intersection(row.calls))
