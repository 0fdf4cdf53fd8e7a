"""Known causes of failing steps, as a table."""

from __future__ import annotations

import re
import traceback
from typing import NamedTuple


class Cause(NamedTuple):
    """How to know one cause; what is None does not matter, and all else has to fit.

    Attributes:
        code: Names the entry of the catalog, which has the hint.
        type: A pattern of the exception's class name.
        text: A pattern of its text.
        frame: A pattern of ``file:function`` of a frame that it came through.
    """

    code: str
    type: str | None = None
    text: str | None = None
    frame: str | None = None

    def fits(self, error: BaseException) -> bool:
        """Tell whether an exception has this cause."""
        if self.type is not None and not re.search(self.type, type(error).__name__):
            return False
        if self.text is not None and not re.search(self.text, str(error)):
            return False
        frames = (each.f_code for each, _ in traceback.walk_tb(error.__traceback__)) if self.frame is not None else ()
        return self.frame is None or any(
            re.search(self.frame, f"{code.co_filename}:{code.co_name}".replace("\\", "/")) for code in frames
        )


CAUSES = (
    Cause("stop.trace_branch", type="TraceError"),
    Cause("stop.trace_proxy", text=r"\bProxy\b"),
    Cause("stop.data_dependent", type="GuardOnDataDependent"),
    Cause("stop.data_dependent", text="GuardOnDataDependent|Could not guard"),
    Cause("stop.export_unsupported", type="Unsupported"),
    Cause("stop.export_unsupported", text="Unsupported"),
    Cause("stop.needs_strict_capture", type="KeyError", text="source_fn_stack"),
    Cause("stop.onednn_number", type="AttributeError", text="'float' object has no attribute 'name'"),
    Cause("stop.keyword_only_required", text="non-default argument follows default"),
    Cause("stop.fused_qconfigs_differ", text="same qconfigs"),
    Cause("stop.no_kernel", text="not implemented for"),
)
"""The first that fits is told."""

_UNKNOWN = {"capturing": "stop.unknown_in_capture", "calibrating": "stop.unknown_in_calibration"}


def cause_of(step: str, error: BaseException) -> str:
    """Return the code of a cause: a known one, or that it is not known."""
    return next((cause.code for cause in CAUSES if cause.fits(error)), _UNKNOWN.get(step, "stop.unknown"))
