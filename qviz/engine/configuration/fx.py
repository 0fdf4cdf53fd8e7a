"""All that the functions of FX graph mode are given, made from a plan before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from torch.ao.quantization.fx.utils import get_skipped_module_name_and_classes
from torch.nn import Module

from qviz.document.flows import flow
from qviz.document.plan import Plan
from qviz.engine.configuration.backend_configs import make_backend_config
from qviz.engine.configuration.custom import CustomConfigs, make_custom
from qviz.engine.configuration.mappings import Mapping, make_mapping
from qviz.engine.loading.written import Written


class FxConfiguration(NamedTuple):
    """What prepare, convert and fuse are given.

    Attributes:
        mapping: None where nothing is quantized.
        backend_config: The same for all of them; None leaves it to torch.
        custom: The custom configuration of each.
    """

    mapping: Mapping | None
    backend_config: Written | None
    custom: CustomConfigs

    @property
    def skipped(self) -> tuple[list[str], list[Callable[..., Any]]]:
        """The names and classes of the modules that the tracer does not enter."""
        if self.custom.prepare is None:
            return [], []
        names, classes = get_skipped_module_name_and_classes(self.custom.prepare.value, False)
        return names, list(classes)

    @property
    def of_prepare(self) -> dict[str, Written]:
        """The keyword arguments of ``prepare_fx``."""
        return _given(prepare_custom_config=self.custom.prepare, backend_config=self.backend_config)

    @property
    def of_convert(self) -> dict[str, Written]:
        """The keyword arguments of ``convert_fx``."""
        return _given(convert_custom_config=self.custom.convert, backend_config=self.backend_config)

    @property
    def of_fuse(self) -> dict[str, Written]:
        """The keyword arguments of ``fuse_fx``."""
        return _given(fuse_custom_config=self.custom.fuse, backend_config=self.backend_config)


def make_configuration(plan: Plan, model: Module, inputs: tuple[Any, ...]) -> FxConfiguration:
    """Return the configuration of a plan for a model.

    Raises:
        QvizError: The plan names what does not exist.
    """
    chosen = flow(plan.flow)
    quantizes = chosen is not None and chosen.quantizes
    return FxConfiguration(
        make_mapping(plan) if quantizes else None,
        make_backend_config(plan.backend_config),
        make_custom(plan, model, inputs),
    )


def values(options: dict[str, Written]) -> dict[str, Any]:
    """Return keyword arguments as they are passed."""
    return {key: each.value for key, each in options.items()}


def _given(**options: Written | None) -> dict[str, Written]:
    return {key: each for key, each in options.items() if each is not None}
