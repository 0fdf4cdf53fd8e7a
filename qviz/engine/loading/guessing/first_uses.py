"""Follows the arguments of a call to the layers that use them first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from torch import Tensor
from torch.nn import Module
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from qviz.engine.loading.guessing.layer_needs import LayerNeed, need_of_call, need_of_module


class FirstUse(NamedTuple):
    """Where a tensor of the call is used first.

    Attributes:
        path: The path of the module; "" for the model's own forward.
        need: What is needed there.
        is_direct: Whether the tensor came there in the shape that it was given in.
    """

    path: str
    need: LayerNeed
    is_direct: bool


class SizeMismatch(NamedTuple):
    """Two sizes that did not fit at the function that failed: what came, and what a weight wants."""

    came: int
    wanted: int


class FirstUses(TorchFunctionMode):
    """Watches one call of a model.

    Args:
        given: The tensors of the call, each followed by its place here.

    Attributes:
        uses: The first use of each tensor, by its place.
        mismatch: The sizes at the function that raised, if it was one of sizes.
    """

    def __init__(self, given: Sequence[Tensor]) -> None:
        super().__init__()
        self.uses: dict[int, FirstUse] = {}
        self.mismatch: SizeMismatch | None = None
        self._paths: list[str] = []
        self._followed: dict[int, tuple[Tensor, dict[int, bool]]] = {}
        for place, tensor in enumerate(given):
            self._followed[id(tensor)] = tensor, {place: True}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call a function of torch; note what it uses, and follow what it gives."""
        kwargs, name = kwargs or {}, getattr(func, "__name__", "")
        sources = self._sources((args, kwargs))
        if sources and (found := need_of_call(name, args, kwargs)) is not None:
            self._note(found[0], (found[1],))
        try:
            result = func(*args, **kwargs)
        except Exception:
            self.mismatch = _mismatch(name, [each for each in (*args, *kwargs.values()) if isinstance(each, Tensor)])
            raise
        if sources:
            self._follow(result, sources)
        return result

    def _sources(self, values: Any) -> list[tuple[Tensor, dict[int, bool]]]:
        if not self._followed:
            return []
        tensors = (each for each in pytree.tree_leaves(values) if isinstance(each, Tensor))
        return [self._followed[id(each)] for each in tensors if id(each) in self._followed]

    def _follow(self, result: Any, sources: list[tuple[Tensor, dict[int, bool]]]) -> None:
        for made in (each for each in pytree.tree_leaves(result) if isinstance(each, Tensor)):
            places: dict[int, bool] = {}
            for tensor, known in sources:
                if made.dtype.is_floating_point or made.dtype == tensor.dtype:  # not the answer of a comparison
                    is_same = made.shape == tensor.shape
                    places |= {place: is_direct and is_same for place, is_direct in known.items()}
            places = {place: is_direct for place, is_direct in places.items() if place not in self.uses}
            if places:
                self._followed[id(made)] = made, places

    def _note(self, need: LayerNeed, values: Any) -> None:
        for _, places in self._sources(values):
            for place, is_direct in places.items():
                path = self._paths[-1] if self._paths else ""
                self.uses.setdefault(place, FirstUse(path, need, is_direct))
        self._followed = {key: held for key, held in self._followed.items() if held[1].keys() - self.uses.keys()}

    @contextmanager
    def watching(self, model: Module) -> Iterator[FirstUses]:
        """Watch inside the ``with``."""

        def enter(path: str) -> Callable[..., None]:
            def hook(module: Module, args: Any, kwargs: Any) -> None:
                self._paths.append(path)
                if self._followed and (need := need_of_module(module)) is not None:
                    self._note(need, (args[:1], list(kwargs.values())[: 0 if args else 1]))

            return hook

        def leave(*_: Any) -> None:
            if self._paths:
                self._paths.pop()

        hooks = [
            hook
            for path, module in model.named_modules()
            for hook in (
                module.register_forward_pre_hook(enter(path), with_kwargs=True),
                module.register_forward_hook(leave, always_call=True),
            )
        ]
        try:
            with self:
                yield self
        finally:
            for hook in hooks:
                hook.remove()
            self._followed.clear()


def _mismatch(name: str, tensors: list[Tensor]) -> SizeMismatch | None:
    """Return the sizes at a function that raised: of a matrix product, a table of rows, or an elementwise function."""
    if len(tensors) < 2 or not all(each.dim() for each in tensors[:2]):
        return None
    left, right = tensors[:2]
    if name == "linear":
        return SizeMismatch(left.shape[-1], right.shape[-1])
    if name == "embedding":
        return SizeMismatch(left.shape[-1], right.shape[0])
    if name in ("matmul", "__matmul__", "mm", "bmm"):
        return SizeMismatch(left.shape[-1], right.shape[-2]) if right.dim() > 1 else None
    pairs = zip(reversed(left.shape), reversed(right.shape), strict=False)
    return next((SizeMismatch(one, other) for one, other in pairs if one != other and 1 not in (one, other)), None)
