"""The known causes of steps that fail at an observer, an annotation or a train function of the user's own."""

from __future__ import annotations

from qviz.engine.failures.causes import Cause

OF_OWN_PARTS = (
    Cause(
        "stop.observer_incomplete",
        type="AttributeError",
        text=r"'(?P<observer>(?!NoneType)\w+)' object has no attribute '(?P<attribute>calculate_qparams|qscheme|"
        r"quant_min|quant_max|ch_axis|is_dynamic)'",
        frame=r"torch/ao/",
        step="preparing|calibrating|converting",
    ),
    Cause(
        "stop.observer_qparams",
        type="TypeError|ValueError",
        text="cannot unpack non-iterable|values to unpack",
        frame=r"ao/quantization/fx/(_?convert|utils)\.py|ao/nn/.*:(from_float|get_qconv)",
        step="converting",
    ),
    Cause(
        "stop.observer_qparams",
        type="AttributeError",
        text="'(float|int)' object has no attribute '(float|long|item)'",
        frame=r"ao/nn/.*:from_float",
        step="converting",
    ),
    Cause(
        "stop.weights_without_scale",
        type="KeyError",
        text="^'(zero_point|scale)'$",
        frame=r"reference/modules/utils\.py:_init_weight_qparams",
        step="converting",
    ),
    Cause(
        "stop.annotation_class",
        text=r"'(?P<class>\w+)' object has no attribute '(input_qspec_map|output_qspec|_annotated)'",
        frame=r"pt2e/prepare\.py",
    ),
    Cause("stop.annotation_key", text=r"Expected input_edge to have type"),
    Cause(
        "stop.annotation_spec",
        type="AssertionError",
        text="^$",
        frame=r"fx/prepare\.py:_create_obs_or_fq_from_qspec",
    ),
    Cause(
        "stop.complex_number",
        type="TypeError",
        text="not 'complex'",
        frame=r"quantizer_utils\.py:_convert_scalars_to_attrs",
    ),
    Cause(
        "stop.trained_in_half",
        text=r"expected scalar type Float but found (?P<dtype>Half|BFloat16|Double)",
        frame=r"quantization/fake_quantize\.py",
        step="training|converting",
    ),
    Cause(
        "stop.replaced_after_prepare",
        type="AttributeError",
        text=r"'(?P<class>\w+)' object has no attribute 'qconfig'",
        frame=r"quantization/fx/convert\.py",
        step="converting",
    ),
    Cause("stop.no_derivative", text=r"derivative for '(?P<operator>[\w:]+)' is not implemented", step="training"),
    Cause("stop.modified_in_place", text="has been modified by an inplace operation", step="training"),
    Cause(
        "stop.own_backward",
        text=r"[Ff]unction (?P<own>\w+)Backward returned an (invalid gradient|incorrect number)",
        step="training",
    ),
    Cause("stop.own_backward", text="must implement either the backward or vjp method", step="training"),
    Cause("stop.backward_twice", text="backward through the graph a second time", step="training"),
)
