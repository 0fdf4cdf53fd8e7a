"""What flows give beside their stages: values that the writers of scripts read, told as far as a stopped flow came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from qviz.document.graph import Json

if TYPE_CHECKING:  # an FX configuration is nothing that an eager run should import
    from qviz.engine.configuration.eager import Configured
    from qviz.engine.configuration.fuse_list import FuseList
    from qviz.engine.configuration.fx import FxConfiguration
    from qviz.engine.loading.written import Written

Capture: TypeAlias = Literal["strict export", "non-strict export", "exported program"]


@dataclass(frozen=True, kw_only=True)
class FlowResult:
    """What the Python of a flow is written from; a flow that needs more makes a class of its own.

    Attributes:
        configured: What the flow chose for itself, for the record of the run.
    """

    configured: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EagerResult(FlowResult):
    """Of eager mode.

    Attributes:
        fuse_list: The module paths that were fused.
        fuser: The user's own, if there is one.
        qconfigs: What was set on the fused model; None until then.
        qconfig_spec: What ``quantize_dynamic`` is given; None where it has no rules.
        statements: Set the ``qconfig`` of modules before that.
    """

    fuse_list: FuseList = ()
    fuser: Written | None = None
    qconfigs: Configured | None = None
    qconfig_spec: Written | None = None
    statements: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FxResult(FlowResult):
    """Of FX graph mode."""

    configuration: FxConfiguration


@dataclass(frozen=True, kw_only=True)
class ExportResult(FlowResult):
    """Of PyTorch 2 Export.

    Attributes:
        captured_by: What made the graph, or was tried last.
        without_grad: Whether under ``torch.no_grad()``.
        dynamic_shapes: What ``torch.export.export`` was given, if anything.
        quantizer: None until it is made.
    """

    captured_by: Capture = "strict export"
    without_grad: bool = False
    dynamic_shapes: Written | None = None
    quantizer: Written | None = None
