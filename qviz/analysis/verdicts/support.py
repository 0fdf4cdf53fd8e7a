"""What torch 2.8 quantizes, as tables: eager, FX and PT2E compared, and operators by static and dynamic.

Every cell of the operators is run by tests/engine/test_support.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from qviz.words import mark, tr


class SupportCell(NamedTuple):
    """Whether it works, and how or why not in a few words."""

    works: bool
    how: str = ""

    def __str__(self) -> str:
        if not self.how:
            return tr("yes") if self.works else tr("no")
        return tr("yes, {how}", how=tr(self.how)) if self.works else tr("no, {how}", how=tr(self.how))


class Support(NamedTuple):
    """One operator.

    Attributes:
        name: As torch.nn calls it.
        calls: Bare lower-case names under which a graph calls it.
        note: Where torch 2.8 differs from its own documentation.
    """

    name: str
    static: SupportCell
    dynamic: SupportCell
    calls: tuple[str, ...] = ()
    note: str = ""

    @property
    def remark(self) -> str:
        """The note in the language in use."""
        return tr(self.note) if self.note else ""


_YES, _NO = SupportCell(True), SupportCell(False)
_NO_CONV = SupportCell(False, mark("stays in float"))
_CONV1D_NOTE = mark("torch.ao.nn.quantized.dynamic has Conv1d, but no flow uses it")
_CONV2D_NOTE = mark(
    "torch.ao.nn.quantized.dynamic has Conv2d, but no flow uses it; PT2E's X86InductorQuantizer quantizes it"
)
_CONV3D_NOTE = mark(
    "torch.ao.nn.quantized.dynamic has Conv3d, but no flow uses it; PT2E's XNNPACKQuantizer leaves it in float"
)
_BY_QUINT8 = SupportCell(True, mark("weights only: quantize_dynamic with dtype=torch.quint8"))
_EMBEDDING_NOTE = mark("quantize_dynamic with its default qint8 leaves embeddings in float")
_ACTIVATIONS = (
    "elu gelu hardsigmoid hardswish hardtanh leakyrelu leaky_relu prelu relu relu6 sigmoid silu softmax tanh mish"
)

OPERATORS: tuple[Support, ...] = (
    Support("Linear", _YES, _YES, ("linear", "addmm")),
    Support("Conv1d", _YES, _NO_CONV, ("conv1d",), _CONV1D_NOTE),
    Support("Conv2d", _YES, _NO_CONV, ("conv2d",), _CONV2D_NOTE),
    Support("Conv3d", _YES, _NO_CONV, ("conv3d",), _CONV3D_NOTE),
    Support("LSTM", SupportCell(True, mark("custom module torch.ao.nn.quantizable.LSTM")), _YES, ("lstm",)),
    Support(
        "GRU",
        _NO,
        _YES,
        ("gru",),
        mark("eager static fails on its tuple of outputs; PT2E's XNNPACKQuantizer fails in prepare"),
    ),
    Support("RNNCell", _NO, _YES, ("rnncell", "rnn_tanh_cell", "rnn_relu_cell")),
    Support("GRUCell", _NO, _YES, ("grucell", "gru_cell")),
    Support("LSTMCell", _NO, _YES, ("lstmcell", "lstm_cell")),
    Support(
        "EmbeddingBag",
        SupportCell(True, mark("activations stay in float32")),
        _BY_QUINT8,
        ("embeddingbag", "embedding_bag"),
        _EMBEDDING_NOTE,
    ),
    Support(
        "Embedding", SupportCell(True, mark("activations stay in float32")), _BY_QUINT8, ("embedding",), _EMBEDDING_NOTE
    ),
    Support(
        "MultiheadAttention",
        SupportCell(True, mark("custom module torch.ao.nn.quantizable.MultiheadAttention")),
        SupportCell(False, mark("not by eager and FX")),
        ("multiheadattention",),
        mark("PT2E quantizes the Linear operators inside it, statically and dynamically"),
    ),
    Support(
        "Activations",
        SupportCell(True, mark("widely")),
        SupportCell(False, mark("computed in float32")),
        tuple(_ACTIVATIONS.split()),
        mark("in eager and FX; PT2E's XNNPACKQuantizer quantizes relu after conv, linear, add and mul"),
    ),
)


class Trait(NamedTuple):
    """One line of the comparison of eager, FX and PT2E."""

    what: str
    eager: str
    fx: str
    pt2e: str


TRAITS: tuple[Trait, ...] = (
    Trait(mark("Release status"), mark("beta"), mark("prototype, in maintenance"), mark("prototype")),
    Trait(mark("Operator fusion"), mark("by hand"), mark("automatic"), mark("automatic")),
    Trait(mark("Placing quantize and dequantize"), mark("by hand"), mark("automatic"), mark("automatic")),
    Trait(mark("Modules"), mark("yes"), mark("yes"), mark("yes")),
    Trait(mark("Functionals and torch operators"), mark("by hand, FloatFunctional"), mark("automatic"), mark("yes")),
    Trait(mark("Customization"), mark("limited"), mark("full"), mark("full")),
    Trait(
        mark("Modes"),
        mark("static, dynamic, weight only; QAT static"),
        mark("static, dynamic, weight only; QAT static"),
        mark("defined by the quantizer"),
    ),
    Trait(
        mark("Input and output"),
        mark("torch.nn.Module"),
        mark("torch.nn.Module that torch.fx can trace"),
        mark("torch.fx.GraphModule, captured by torch.export"),
    ),
)
"""As torch's own documentation compares them; `TRAITS_NOTE` says what 2.8 does otherwise."""

TRAITS_NOTE = mark(
    "The documentation says that PT2E QAT lacks batch norm; torch 2.8 supports it with is_qat=True and strict capture."
)


def used(types: Iterable[str], operators: Iterable[str]) -> frozenset[str]:
    """Return the names of the table's operators that a model has.

    Args:
        types: Class names of its modules.
        operators: Bare names of what its captured graph calls.
    """
    have = {each.lower() for each in (*types, *operators)}
    return frozenset(row.name for row in OPERATORS if row.name.lower() in have or have.intersection(row.calls))
