"""The known causes of failing steps, from torch 2.8's own source, as a table; the words are in `words/english`."""

from __future__ import annotations

from qviz.engine.failures.causes import Cause
from qviz.engine.failures.known_own import OF_OWN_PARTS

_TRACING = (
    Cause("stop.packed_sequence", step="capturing", frame=r"nn/utils/rnn\.py:_?(pack|pad)_\w+"),
    Cause("stop.packed_sequence", step="capturing", text=r"failed to unpack .*FakeTensor", frame=r"modules/rnn\.py"),
    Cause("stop.trace_norm_subclass", type="TraceError", frame=r"nn/modules/\w+norm\.py:_check_input_dim"),
    Cause("stop.trace_branch", type="TraceError", text="inputs to control flow"),
    Cause("stop.trace_iteration", type="TraceError", text="cannot be iterated"),
    Cause("stop.trace_len", text="'len' is not supported in symbolic tracing"),
    Cause(
        "stop.trace_higher_order", text="trace HigherOrderOperators|Expected pred to be bool or tensor, but got Proxy"
    ),
    Cause("stop.trace_dict_key", text="Keys for dictionaries used as an argument cannot contain a Node"),
    Cause("stop.trace_argument", type="NotImplementedError", text=r"argument of type: <class '(?P<class>[^']+)'>"),
    Cause("stop.trace_foreign_module", type="NameError", text="module is not installed as a submodule"),
    Cause("stop.trace_foreign_parameter", type="NameError", text="parameter is not a member of this module"),
    Cause("stop.trace_wrapped_forward", type="ValueError", text="co_varnames is too small"),
    Cause("stop.keyword_only_required", text="non-default argument follows default"),
    Cause("stop.graph_not_python", type="SyntaxError", text="eval_with_key"),
    Cause(
        "stop.trace_buffer_assigned",
        type="TypeError",
        text=r"cannot assign 'torch\.fx\.proxy\.Proxy.*' as (?P<kind>buffer|parameter) '(?P<name>\w+)'",
    ),
    Cause(
        "stop.trace_script_function",
        text=r"(?P<function>\w+)\(\) Expected a value of type '[\w\[\], ]+' for argument '\w+' but instead found type "
        r"'(Proxy|Attribute|list|tuple)'",
        step="capturing|preparing",
    ),
    Cause("stop.trace_proxy", text=r"\bProxy\b"),
    Cause("stop.trace_proxy", text=r"[=(,] ?Attribute\b|slice indices must be integers", step="capturing"),
)

_EXPORTING = (
    Cause("stop.script_module", text="Exporting a ScriptModule|ScriptModule is not supported"),
    Cause("stop.data_dependent", type="GuardOnDataDependent"),
    Cause("stop.data_dependent", text="GuardOnDataDependent|Could not guard on data-dependent|DataDependentOutput"),
    Cause("stop.data_dependent", type="DataDependentOutput"),
    Cause("stop.data_dependent", type="Unsupported|UserError", text="[Dd]ata.dependent"),
    Cause("stop.dynamic_shapes_of_one", text=r"Constraints violated[^\n]*\n[^\n]*to be a constant \((?P<size>[01])\)"),
    Cause("stop.dynamic_shapes_violated", text="Constraints violated"),
    Cause("stop.dynamic_shapes_range", text=r"^(?P<size>\d+) not in range \[(?P<low>\d+), (?P<high>\w+)\]"),
    Cause("stop.dynamic_shapes_structure", text=r"`dynamic_shapes`|dynamic_shapes_validation"),
    Cause("stop.attribute_assigned", text=r"attributes? (?P<attribute>.+?) (was|were) assigned during export"),
    Cause("stop.attribute_assigned", text=r"attrs were created in the model\.forward: \{'(?P<attribute>\w+)'"),
    Cause("stop.not_a_pytree", text=r"Found <class '(?P<class>[^']+)'> in output, which is not a known type"),
    Cause("stop.not_a_pytree", text=r"<class '(?P<class>[^']+)'>.* is not supported or pytree-flattenable"),
    Cause("stop.mask_by_vmap", text=r"Current active mode .* not registered"),
    Cause("stop.nested_tensor", text="not support strided NestedTensor|Attempted to wrap strided NestedTensor"),
    Cause("stop.no_fake_kernel", text=r"no (fake|meta) (impl|kernel)|does not support running with fake tensors"),
    Cause("stop.no_fake_kernel", type="UnsupportedOperatorException"),
    Cause("stop.export_unsupported", type="Unsupported|UserError", text=r"Explanation: (?P<explanation>[^\n]+)"),
    Cause("stop.export_unsupported", type="Unsupported|InternalTorchDynamoError"),
)

_CONFIGURING = (
    Cause("stop.observer_instance", text="received observer instance"),
    Cause("stop.observer_qscheme", text=r"(?P<observer>\w+)'s qscheme only support"),
    Cause("stop.observer_reduce_range", text="Cannot reduce range for symmetric"),
    Cause("stop.observer_dynamic", text=r"(?P<observer>\w+) doesn't support dynamic quantization"),
    Cause("stop.observer_dtype", text="Default Observer only works for"),
    Cause("stop.observer_without_scale", text=r"calculate_qparams should not be called for (?P<observer>\w+)"),
    Cause(
        "stop.quantization_range",
        text="quantization range should be positive|quantization range must include 0|must be <= quant_max|"
        "qmin must be strictly less|quant_m(in|ax) out of bound|quant_min must be (strictly )?less",
    ),
    Cause("stop.weight_only_qconfig", type="AttributeError", text="'Identity' object has no attribute 'dtype'"),
    Cause("stop.prelu_per_channel", type="IndexError", frame=r"quantized/modules/activation\.py:from_float"),
    Cause("stop.channel_axis", text="Ch_axis is < 0|valid ch_axis"),
    Cause("stop.channel_axis", type="IndexError|TypeError", frame=r"quantization/observer\.py:_forward"),
    Cause(
        "stop.weight_axis",
        type="IndexError",
        text=r"select\(\): index \d+ out of range for tensor of size",
        frame=r"ao/nn/(intrinsic/)?quantized/.*:(set_weight_bias|from_float|get_qconv)",
    ),
    Cause(
        "stop.transposed_per_channel",
        text="Per channel weight observer is not supported yet for ConvTranspose|"
        "Per Channel Quantization is currently disabled for transposed conv",
    ),
    Cause("stop.embedding_qconfig", text="quantization is only supported with float_qparams_weight_only_qconfig"),
    Cause(
        "stop.weight_dtype", text="Weight observer must have (a )?dtype|supported dtypes for dynamic quantized linear"
    ),
    Cause(
        "stop.dtype_combination",
        text=r"Unrecognized dtype combination.*activation\(torch\.(?P<activation>\w+)\),"
        r"\s*weight\(torch\.(?P<weight>\w+)",
    ),
    Cause("stop.fused_qconfigs_differ", text="same qconfigs"),
    Cause(
        "stop.qconfigs_changed",
        text="same (value|qconfig).* prepare|in convert QConfigMapping|Expected global qconfigs",
    ),
    Cause(
        "stop.no_reference_module", text=r"No reference quantized module class configured for <class '(?P<class>[^']+)"
    ),
    Cause("stop.several_devices", text="only works with cpu or single-device"),
    Cause("stop.qat_needs_training", text="prepare_qat only works on models in training mode"),
    Cause("stop.fuse_mode", text="must be in the same mode"),
    Cause("stop.fuse_needs_eval", type="AssertionError", text="Fusion only for eval"),
    Cause("stop.fuse_batch_norm", text=r"Only support fusing \w+ with (affine|track)|must match num_features"),
    Cause("stop.fuse_batch_norm", type="AssertionError", frame="nn/utils/fusion.py:fuse_"),
    Cause(
        "stop.batch_norm_without_statistics",
        type="TypeError",
        text="NoneType",
        frame=r"nn/utils/fusion\.py:fuse_conv_bn_weights",
    ),
    Cause("stop.fuse_transposed", text=r"Fusing ConvTranspose\+BatchNorm not yet supported"),
    Cause(
        "stop.fuse_transposed_groups",
        type="RuntimeError",
        text="must match the size of tensor|is invalid for input of size|Given transposed=1",
        frame=r"nn/utils/fusion\.py:fuse_conv_bn_weights",
    ),
    Cause(
        "stop.convolution_arguments",
        text=r"quantized::(?P<function>conv(_transpose)?[123]d)_prepack\(\) is missing value for argument "
        r"'(?P<argument>\w+)'",
    ),
    Cause("stop.no_fuser", text="Cannot fuse|did not find fuser method"),
    Cause(
        "stop.part_without_qconfig",
        type="AttributeError",
        text="'NoneType' object has no attribute 'weight'",
        frame=r"ao/nn/.*:(from_float|get_qconv|get_qlinear)",
    ),
    Cause(
        "stop.weight_by_hook",
        type="TypeError",
        text=r"cannot assign 'torch\.\w*Tensor' as parameter '(?P<parameter>\w+)'",
        frame=r"nn/utils/(weight_norm|spectral_norm|prune)\.py",
    ),
    Cause("stop.sparse_tensor", text=r"Could not run 'aten::\w+[\w.]*' with arguments from the 'Sparse\w*' backend"),
    Cause(
        "stop.zero_point_outside",
        text="zero_point` must be between `quant_min` and `quant_max",
        frame=r"quantization/fake_quantize\.py",
    ),
    Cause("stop.zero_point_of_dtype", text=r"zero_point (?P<zero_point>-?\d+) is (below lower|above upper) bound"),
    Cause("stop.not_observed_module", text=r"non-observed (?P<class>\w+) module"),
    Cause("stop.functional_called", text="Functional is not intended to use the"),
)

_ANNOTATING = (
    Cause("stop.shared_specs_in_circle", type="RecursionError", frame="pt2e/prepare.py:(_unwrap|_find_root)"),
    Cause("stop.shared_spec_unresolved", type="KeyError", frame="pt2e/prepare.py:(_unwrap|_update_shared|_find_root)"),
    Cause("stop.spec_not_observed", text="only refer to edge or node that has"),
    Cause("stop.derived_spec_unresolved", type="KeyError", frame="prepare.py:_create_obs_or_fq_from_qspec"),
    Cause(
        "stop.annotations_overwritten", text=r"Quantizer (?P<quantizer>\w+) has (changed|removed) annotations on node"
    ),
    Cause("stop.quantization_spec", text="Unsupported quantization_spec|Only float dtype for bias"),
    Cause("stop.padding_in_words", type="ValueError", text=r"is not an aten conv2d operator"),
    Cause(
        "stop.padding_without_kernel",
        text=r"conv\dd_prepack\(\) Expected .* for argument 'padding' but .* type '(str|tuple)'",
    ),
    Cause("stop.gru_annotator", frame=r"xnnpack_quantizer_utils\.py:_annotate_gru_io_only"),
    Cause("stop.keywords_observed", text="expecting kwargs for aten op IR to be empty"),
    Cause("stop.several_in_pattern", text="Several nodes within a single pattern"),
    Cause("stop.needs_strict_capture", type="KeyError", text="source_fn_stack"),
    Cause("stop.onednn_number", type="AttributeError", text="'(float|int)' object has no attribute 'name'"),
)

_CONVERTING = (
    Cause("stop.output_not_tensors", text="Unhandled type for returned node"),
    Cause(
        "stop.constant_lost",
        text=r"'GraphModule' object has no attribute '_tensor_constant\d+'",
    ),
    Cause(
        "stop.channels_of_activation",
        text="one element tensors can be converted|elements cannot be converted to Scalar",
        frame=r"ao/nn/.*:(from_float|from_reference)",
    ),
    Cause(
        "stop.integers_in_float",
        text=r"Tensor dtype mismatch! Expected: (c10::)?(Int|Long|Short|Bool)|Expected dtype int32/int64 for index|"
        "tensors used as indices must be long",
        step="(?!checking).*",
    ),
    Cause(
        "stop.dtype_asserted",
        text=r"Tensor dtype mismatch! Expected: (c10::)?(?P<expected>\w+), Got: (c10::)?(?P<got>\w+)",
    ),
    Cause("stop.nested_graph_lost", text=r"references nonexistent attribute (?P<graph>submod_\d+)"),
    Cause(
        "stop.attention_projection",
        type="AssertionError",
        text=r"qat\.Linear\.from_float only works for",
        step="preparing",
    ),
    Cause("stop.computed_weight", type="AssertionError", frame="utils.py:_get_tensor_constant_from_node"),
    Cause(
        "stop.parametrized_dynamic",
        text=r"quantized\.dynamic\.Linear\.from_float only works for one of|\bqat\.Conv\w+\.from_float only works for|"
        r"from_float only works for .*parametrize\.Parametrized",
    ),
    Cause(
        "stop.out_with_gradient", text=r"functions with out=\.\.\. arguments don't support automatic differentiation"
    ),
    Cause("stop.shared_batch_norm", text=r"Tried to erase Node add_\w* but it still had", frame="qat_utils.py:"),
    Cause("stop.functional_by_keyword", text="Dequantize index .* exceeded reference node's arg length"),
    Cause(
        "stop.attribute_of_fused",
        type="AttributeError",
        text=r"'(?P<class>(Linear|Conv|BN)\w*?(ReLU|Bn|Tanh|Add)\w*)' object has no attribute '(?P<attribute>\w+)'",
    ),
)

_RUNNING = (
    Cause(
        "stop.shape_observed",
        type="AttributeError",
        text=r"'(?P<class>torch\.Size)' object has no attribute",
        frame=r"quantization/(observer|fake_quantize)\.py",
    ),
    Cause(
        "stop.no_tensor_observed",
        type="AttributeError",
        text=r"'(?P<class>tuple|list|dict|int|float|bool|str|NoneType)' object has no attribute",
        frame=r"quantization/(observer|fake_quantize)\.py",
    ),
    Cause(
        "stop.attention_without_batch",
        text="not enough values to unpack",
        frame="quantizable/modules/activation.py:_forward_impl",
    ),
    Cause("stop.cuda_missing", text="not compiled with CUDA|no NVIDIA driver|No CUDA GPUs|CUDA is not available"),
    Cause("stop.devices_differ", text="to be on the same device"),
    Cause("stop.meta_tensor", text="meta tensor|on meta tensors"),
    Cause("stop.out_of_memory", text="can't allocate memory|out of memory|not enough memory"),
    Cause("stop.out_of_memory", type="MemoryError|OutOfMemory"),
    Cause("stop.values_not_a_number", text=r"min .*nan.* should be less than max|range of \[.*nan.*\] is not finite"),
    Cause("stop.range_empty", text=r"min .*\binf\b.* should be less than max .*-inf\b"),
    Cause("stop.values_infinite", text=r"range of \[.*\] is not finite"),
    Cause(
        "stop.dtype_observed",
        text=r"not implemented for '(?P<dtype>Long|Int|Short|Char|Byte|Bool|Complex\w+)'",
        frame=r"quantization/(observer|fake_quantize)\.py",
    ),
    Cause(
        "stop.indices_in_float",
        text=r"argument #1 'indices' to have one of the following scalar types: .* but got torch\.(?P<dtype>\w+)",
        step="(?!checking).*",
    ),
    Cause(
        "stop.padding_mode", text=r"'padding_mode' (?P<mode>\w+) is not supported|\"zeros\" padding mode is supported"
    ),
    Cause(
        "stop.no_quantized_kernel",
        text=r"Could not run '(?P<operator>aten::[\w.]+)' with arguments from the 'Quantized",
    ),
    Cause(
        "stop.float_into_quantized",
        text=r"Could not run '(?P<operator>quantized::[\w.]+)' with arguments from the 'CPU'",
    ),
    Cause(
        "stop.no_engine",
        text=r"Didn't find engine|quantized engine \w+ is not supported|not a valid value for quantized engine",
    ),
    Cause("stop.half_weights_of_engine", text=r"_prepack_fp16 is currently not supported by (?P<engine>\w+)"),
    Cause("stop.asymmetric_weights", text="ONEDNN only supports symmetric quantization of weight"),
    Cause("stop.output_padding", text="ONEDNN only supports zero output_padding"),
    Cause("stop.weight_is_method", text="'(function|method)' object has no attribute"),
    Cause("stop.exported_mode", text=r"Calling (train|eval)\(\) is not supported"),
    Cause("stop.not_a_leaf", text="created explicitly by the user .* support the deepcopy"),
    Cause("stop.no_compiler", type="InvalidCxxCompiler|CppCompileError"),
    Cause("stop.no_compiler", text="No working C\\+\\+ compiler"),
    Cause("stop.one_value_per_channel", text="Expected more than 1 value per channel when training"),
    Cause("stop.no_running_statistics", text="Expected a proper Tensor but got None", step="training"),
    Cause("stop.assert_of_capture", text=r"Runtime assertion failed for expression (?P<expression>.+?) on node"),
    Cause("stop.no_gradient", text="does not require grad and does not have a grad_fn", step="training"),
    Cause("stop.no_process_group", text="Default process group has not been initialized"),
    Cause("stop.package_missing", type="ModuleNotFoundError", text=r"No module named '(?P<package>[^']+)'"),
    Cause("stop.parameter_written", text="a leaf Variable that requires grad is being used in an in-place operation"),
    Cause("stop.recursion", type="RecursionError"),
    Cause("stop.no_kernel", text=r"not implemented for '(?P<dtype>\w+)'"),
)

_WITH_INPUTS = "checking|calibrating|training|measuring"
"""The steps that run the model on what the user gave."""

OF_INPUTS = (
    Cause("stop.shape_fixed", text=r"Expected input at .* to be equal to|Guard failed", step=_WITH_INPUTS),
    Cause(
        "stop.reshape_fixed",
        step=_WITH_INPUTS,
        text=r"shape '(?P<shape>\[[-\d, ]+\])' is invalid for input of size (?P<size>\d+)",
    ),
    Cause(
        "stop.shapes_differ",
        step=_WITH_INPUTS,
        text=r"shapes cannot be multiplied|must match the size of tensor|size mismatch|"
        r"to have \d+ channels|Sizes of tensors must match|normalized_shape|but got input of size|"
        r"shape mismatch|not broadcastable|[Ee]xpected \dD|Kernel size can't be greater|running_mean should contain|"
        r"not enough values to unpack|too many values to unpack|input\.size\(-1\) must be equal|Dimension out of range",
    ),
    Cause(
        "stop.types_differ",
        step=_WITH_INPUTS,
        text=r"must have the same dtype|same dtype, but got|expected scalar type|should be the same$|"
        r"Input type .* and (weight|bias) type|to have one of the following scalar types",
    ),
    Cause(
        "stop.arguments",
        step=_WITH_INPUTS,
        type="TypeError",
        text=r"(?P<function>[\w.]*forward)\(\) (missing|takes|got)",
    ),
    Cause("stop.index_out_of_range", step=_WITH_INPUTS, type="IndexError", text="index out of range in self"),
)
"""Where a batch, or the inputs, may have the wrong shape or dtype, lack an argument, hold too large an index."""

OF_NETWORK = (Cause("stop.no_network", text="not on the network|[Nn]ame resolution"),)
"""Where the code of a run was kept off the network (`qviz.engine.network`)."""

CAUSES = (*_TRACING, *_EXPORTING, *_CONFIGURING, *OF_OWN_PARTS, *_ANNOTATING, *_CONVERTING, *_RUNNING)
"""The first that fits is told."""
