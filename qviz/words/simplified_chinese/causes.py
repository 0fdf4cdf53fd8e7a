"""Simplified Chinese: known causes of failures while a model is captured and configured. Parts: text, message, hint."""

from __future__ import annotations

from qviz.words.language import Entry


def known(text: str, hint: str, option: str = "") -> Entry:
    """Return the entry of a cause: what it is, the exception's own text, what to do."""
    entry = {"text": text, "message": "{text}", "hint": hint}
    return {**entry, "option": option} if option else entry


_OTHER = "[[{other:text}]]"
_CONTAINERS = "张量、数、字符串，以及由它们组成的列表或字典"
_NO_NAME = "因此 torch.fx 没有它的名称"
_REMOVE = "torch.nn.utils.parametrize.remove_parametrizations(layer, 'weight')"
_ANNOTATE = "请在量化器中标注"

STATEMENTS: dict[str, Entry] = {
    "stop.other.export": {"text": "torch.export 能捕获此模型：请选择流程 {flow}。[[{part:text}]]"},
    "stop.other.fx": {"text": "torch.fx 能追踪此模型：请选择流程 {flow}。"},
    "stop.other.export_stops": {"text": "流程 {flow} 也会停止[[：{cause:text}]]。[[{cause:hint}]][[{last:text}]]"},
    "stop.other.fx_stops": {"text": "流程 {flow} 也会停止[[：{cause:text}]]。[[{last:text}]]"},
    "stop.other.leaves": {
        "text": "如果 torch.fx 不进入 {modules} 内部，就能追踪模型：请在计划的 [custom] 的 non_traceable_modules "
        "中指定它；它保持浮点。"
    },
    "stop.other.modules": {"text": "quantize_dynamic 不需要图，能转换此模型：请选择流程 {flow}。"},
    "stop.other.non_strict": {"text": "非 strict 捕获能处理此模型：请关闭 strict 捕获。"},
    "stop.trace_branch": known(
        "torch.fx 无法追踪依赖张量的分支、循环或断言",
        f"请将该判断移出 forward()，或用 torch.where 编写。{_OTHER}",
    ),
    "stop.trace_norm_subclass": known(
        "torch.fx 把 torch 自己的归一化层作为模块保留，但会追踪其子类的内部，而其中对维度的检查是分支",
        "如果该层的计算与 torch 的类相同，请在量化之前让它使用该类，例如 layer.__class__ = torch.nn.BatchNorm2d；"
        f"否则请重写 _check_input_dim，使其不做检查。{_OTHER}",
    ),
    "stop.trace_iteration": known(
        "torch.fx 无法遍历或解包张量：追踪时长度未知",
        f"请对固定的数使用 range() 循环并索引张量，或以已知长度使用 torch.unbind。{_OTHER}",
    ),
    "stop.trace_len": known(
        "torch.fx 无法记录张量的 len()",
        f"请用 x.shape[0] 代替 len(x)，或在模块文件的开头调用 torch.fx.wrap('len')。{_OTHER}",
    ),
    "stop.trace_higher_order": known(
        "torch.fx 无法追踪高阶算子，例如 torch.cond 或 torch.utils.checkpoint",
        f"请从 forward() 中去掉该算子，至少在量化时。{_OTHER}",
    ),
    "stop.trace_dict_key": known("字典的键是张量，FX 图无法保存", f"请用字符串或数作为键。{_OTHER}"),
    "stop.trace_argument": known(
        "调用算子或模块时传入了 FX 图无法保存的对象[[：{class}]]", f"请传入{_CONTAINERS}。{_OTHER}"
    ),
    "stop.trace_foreign_module": known(
        f"forward() 调用了不是模型子模块的模块，{_NO_NAME}",
        f"请在 __init__() 中创建模块，并放在属性、nn.ModuleList 或 nn.ModuleDict 中，而不是普通的列表、字典或全局变量中。{_OTHER}",
    ),
    "stop.trace_foreign_parameter": known(
        f"forward() 使用了不属于模型的参数，{_NO_NAME}",
        f"请将该参数赋给模块的属性，或放在 nn.ParameterList 或 nn.ParameterDict 中。{_OTHER}",
    ),
    "stop.trace_wrapped_forward": known(
        "torch.fx 会改写 forward() 的代码，而 CPython 拒绝：forward() 由装饰器（functools.wraps）包装，其变量少于 "
        "forward() 的参数",
        f"请去掉 forward() 的装饰器，或在类上撤销它：Net.forward = Net.forward.__wrapped__。{_OTHER}",
    ),
    "stop.keyword_only_required": known(
        "torch.fx 把 forward() 的仅限关键字参数变为位置参数，而必填参数不能在可选参数之后",
        f"请为该仅限关键字参数设置默认值，或将它放在可选参数之前。{_OTHER}",
    ),
    "stop.graph_not_python": known(
        "图的 Python 代码无效：某个参数（例如对象或函数）无法写成 Python",
        f"请只向模块传入{_CONTAINERS}，也不返回其他内容。{_OTHER}",
    ),
    "stop.trace_buffer_assigned": known(
        "forward() 为 {kind} {name} 赋值，而 torch.fx 追踪时只有代替其值的 Proxy",
        f"请将 {{name}} 作为 forward() 的输入传入，并作为输出返回。{_OTHER}",
    ),
    "stop.packed_sequence": known(
        "forward() 打包序列（nn.utils.rnn），而捕获不知道其长度，它们是张量的值",
        f"请在 forward() 之外打包和解包，或用掩码在填充后的序列上运行循环层。{_OTHER}",
    ),
    "stop.trace_script_function": known(
        "{function} 是由 torch.jit.script 生成的 TorchScript，不接受 torch.fx 用来代替值的 Proxy",
        f"请从 {{function}} 去掉 torch.jit.script：作为普通的 Python，torch.fx 能追踪它。{_OTHER}",
    ),
    "stop.trace_proxy": known(
        "某个函数需要 Python 的数或对象，而 torch.fx 只有代替值的 Proxy",
        f"请在 forward() 之外计算该值，或将它作为固定的数放在属性中。{_OTHER}",
    ),
    "stop.script_module": known("模型是 TorchScript，无法导出", "请给出它由之 script 或 trace 得到的 nn.Module。"),
    "stop.data_dependent": known(
        "计算依赖张量的值，而捕获不知道这些值",
        f"请用 torch.where 或 torch.cond 代替分支，用固定的大小代替计数得到的大小。{_OTHER}",
    ),
    "stop.dynamic_shapes_violated": known(
        "模型固定了 dynamic_shapes 声明为可变的大小",
        "请从 dynamic_shapes 中去掉该维度，或按回溯中建议的方法修改。",
    ),
    "stop.dynamic_shapes_structure": known(
        "dynamic_shapes 的结构与输入不符",
        "请为 forward() 的每个参数按位置或按名称给出一项，大小固定的给出 None。",
    ),
    "stop.attribute_assigned": known(
        "forward() 将张量赋给属性[[ {attribute}]]，torch.export 不会保留它",
        "请用 register_buffer() 将该属性注册为缓冲区，或返回该张量。如果 forward() 只在输入尺寸改变时才创建它，"
        f"请在导出之前调用一次模型。{_OTHER}",
    ),
    "stop.not_a_pytree": known(
        "torch.export 不知道类型为 {class} 的对象中有什么",
        f"请传入和返回张量及由它们组成的容器；您自己的 dataclass 请用 torch.export.register_dataclass 注册。{_OTHER}",
    ),
    "stop.mask_by_vmap": known(
        "注意力掩码由 torch.vmap 构建，torch.export 无法捕获",
        "使用 transformers 时，请先运行：from transformers.integrations.executorch import sdpa_mask_without_vmap; "
        "from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS; "
        "ALL_MASK_ATTENTION_FUNCTIONS.register('sdpa', sdpa_mask_without_vmap)。您自己的掩码请不用 vmap 构建。"
        f"{_OTHER}",
    ),
    "stop.nested_tensor": known("torch.export 无法捕获嵌套张量", f"请使用填充后的张量和掩码。{_OTHER}"),
    "stop.no_fake_kernel": known(
        "某个算子没有 fake 内核，因此捕获时不知道其结果的形状",
        f"请用 torch.library.register_fake 注册一个。{_OTHER}",
    ),
    "stop.export_unsupported": known(
        "torch.export 在此无法处理模型[[：{explanation}]]", f"请修改捕获停止的那一行。{_OTHER}"
    ),
    "stop.observer_instance": known(
        "qconfig 中是观测器，而不是创建它的类",
        "请传入类；需要选项时用 MinMaxObserver.with_args(...)，使每个模块有自己的观测器。",
    ),
    "stop.observer_qscheme": known(
        "{observer} 不支持所给的 qscheme",
        "逐通道的 qscheme 请用 PerChannelMinMaxObserver，逐张量的请用 MinMaxObserver 或 HistogramObserver。",
    ),
    "stop.observer_reduce_range": known(
        "对称的 qscheme 和 quint8 不能使用 reduce_range", "请去掉 reduce_range，或使用 qint8 或仿射的 qscheme。"
    ),
    "stop.observer_dynamic": known(
        "{observer} 无法在模型运行时计算范围",
        "动态量化请使用 PlaceholderObserver、MinMaxObserver，或 averaging_constant=1 的 MovingAverageMinMaxObserver。",
    ),
    "stop.observer_dtype": known(
        "观测器的 dtype 是 torch 无法量化到的", "请使用 quint8 或 qint8；PT2E 使用 uint8 或 int8。"
    ),
    "stop.observer_without_scale": known(
        "{observer} 没有 scale，而转换需要它",
        "请使用会计算 scale 的观测器，例如 MinMaxObserver，或让该模块保持浮点。PlaceholderObserver 属于动态流程的 qconfig。",
    ),
    "stop.part_without_qconfig": known(
        "融合后的模块有 qconfig，而其中的卷积或线性层自己的 qconfig 是 None",
        "请在融合之后设置 qconfig，例如用按模块名的规则，或把该模块移出融合列表。",
    ),
    "stop.weight_by_hook": known(
        "weight_norm、spectral_norm 或剪枝的钩子在每次调用时计算 {parameter}，而融合把它变成了参数",
        "请在量化之前使 {parameter} 成为永久的：torch.nn.utils.remove_weight_norm(layer)、remove_spectral_norm(layer) 或 "
        "prune.remove(layer, '{parameter}')。",
    ),
    "stop.sparse_tensor": known(
        "某个算子或观测器没有稀疏张量的内核",
        "请给出稠密张量，例如由 x.to_dense() 得到，或让接受稀疏张量的算子保持浮点。",
    ),
    "stop.quantization_range": known(
        "quant_min 和 quant_max 彼此不符，或与 dtype 不符",
        "请选择 quant_min <= 0 <= quant_max，并在 dtype 的范围内：quint8 为 0 … 255，qint8 为 −128 … 127。",
    ),
    "stop.channel_axis": known(
        "逐通道量化没有有效的通道轴", "请将 ch_axis 设为通道所在的维度：Linear 和 Conv 为 0，ConvTranspose 为 1。"
    ),
    "stop.transposed_per_channel": known(
        "torch 没有转置卷积的逐通道权重", "请给转置卷积使用逐张量权重观测器的 qconfig，例如 default_qconfig。"
    ),
    "stop.embedding_qconfig": known(
        "embedding 只能以 float qparams 量化",
        "请给它们使用 float_qparams_weight_only_qconfig，或将其 qconfig 设为 None 以保持浮点。",
    ),
    "stop.weight_dtype": known(
        "权重观测器的 dtype 是量化模块不接受的", "权重请使用 qint8；动态流程中也可使用 float16。"
    ),
    "stop.dtype_combination": known(
        "torch 没有激活为 {activation}、权重为 {weight} 的量化", "激活请使用 quint8，权重请使用 qint8。"
    ),
    "stop.fused_qconfigs_differ": known("被融合的模块的 qconfig 不同", "请给被融合的模块相同的 qconfig。"),
    "stop.attention_projection": known(
        "nn.MultiheadAttention 的输出投影是 NonDynamicallyQuantizableLinear，prepare_qat 无法替换它",
        "请让该注意力保持浮点：将 MultiheadAttention 的 qconfig 设为 None，或按其名称添加不带 qconfig 的规则。",
    ),
    "stop.parametrized_dynamic": known(
        "weight_norm 或 spectral_norm 等 parametrization 更改了该层的类", f"请在量化之前去掉它：{_REMOVE}。"
    ),
    "stop.out_with_gradient": known(
        "forward() 通过 out=... 把带梯度的结果写入张量，训练模式下的 spectral_norm 就是如此；"
        "torch.export 在打开梯度时追踪它，即使在 torch.no_grad() 之内",
        f"请在量化之前去掉 spectral_norm：{_REMOVE}；由 torch.nn.utils.spectral_norm 添加的则用 "
        "torch.nn.utils.remove_spectral_norm(layer)。其他情况请不用 out= 计算。",
    ),
    "stop.computed_weight": known(
        "batch norm 折叠进的卷积的权重由图计算，weight_norm 和 spectral_norm 就是如此，而 torch 只能折叠进参数",
        f"请在导出之前让该层持有其权重：{_REMOVE}；由 torch.nn.utils.weight_norm 添加的则用 "
        "torch.nn.utils.remove_weight_norm(layer)。",
    ),
    "stop.prelu_per_channel": known(
        "PReLU 的斜率只有一个 scale，而其 qconfig 逐通道观测权重",
        "请给 PReLU 使用范围达到 1 的权重观测器，斜率为 0 到 1 时用 "
        "FixedQParamsObserver.with_args(scale=1 / 255, zero_point=0, dtype=torch.quint8)：torch 2.8 的 "
        "quantized::prelu 也会把与正值相乘的 1 舍入到该范围。或让它保持浮点：将其 qconfig 设为 None，"
        "并在其前放 DeQuantStub，其后放 QuantStub。",
    ),
    "stop.shared_batch_norm": known(
        "一个 batch norm 被调用多次，而 convert_pt2e 把每次调用折叠进其前面的卷积",
        "请为每次调用使用单独的 batch norm。",
    ),
    "stop.padding_in_words": known(
        "X86InductorQuantizer 不接受填充为字符串的卷积（padding='same'）",
        "请以数字给出填充：'same' 为每侧 膨胀 ×（卷积核大小 − 1）/ 2。",
    ),
    "stop.padding_without_kernel": known(
        "量化卷积的填充应为数字，而这里是字符串（'same'、'valid'）",
        "请以数字给出填充：'valid' 为 0，'same' 为每侧 膨胀 ×（卷积核大小 − 1）/ 2。",
    ),
    "stop.gru_annotator": known(
        "XNNPACKQuantizer 只接受给出初始状态且两个输出都被读取的 GRU",
        "请在 forward() 中给出 GRU 的初始状态并使用两个输出，或让它保持浮点：对要量化的类型用 set_module_type 代替 set_global。",
    ),
    "stop.qconfigs_changed": known(
        "转换所用的 qconfig 与准备时不同", "请给两者相同的 QConfigMapping；转换时只能将 qconfig 设为 None。"
    ),
    "stop.no_reference_module": known(
        "后端配置有一个模式没有 {class} 的量化模块",
        "请用 BackendPatternConfig.set_reference_quantized_module 设置，或删除该模式。",
    ),
    "stop.several_devices": known("一个模块的参数位于多个设备上", "请将整个模型移到一个设备上：model.to('cpu')。"),
    "stop.qat_needs_training": known("量化感知训练的准备需要处于训练模式的模型", "请先调用 model.train()。"),
    "stop.fuse_mode": known(
        "要融合的模块模式不同，有的处于训练模式，有的处于 eval 模式",
        "请对整个模型调用 model.eval()；量化感知训练则调用 model.train()。",
    ),
    "stop.fuse_needs_eval": known(
        "为评估而融合的模块处于训练模式",
        "请对整个模型调用 model.eval()；并检查您自己的 train() 或 eval() 是否保持了原来的模式。",
    ),
    "stop.fuse_batch_norm": known(
        "无法融合 batch norm：它没有仿射参数或运行统计量，或通道数不同",
        "请以 affine=True、track_running_stats=True 和卷积的 out_channels 创建它，或不融合它。",
    ),
    "stop.fuse_transposed": known(
        "torch 无法为量化感知训练融合转置卷积与其 batch norm",
        "请让两者保持浮点，或先用 torch.nn.utils.fuse_conv_bn_eval(transpose=True) 折叠 batch norm。",
    ),
    "stop.fuse_transposed_groups": known(
        "torch 把 batch norm 折叠进转置卷积时当作只有一个组，因此形状不符",
        "请在量化之前自行将 batch norm 折叠进权重，每个输出通道乘以自己的系数，并用 nn.Identity() 代替它。",
    ),
    "stop.no_fuser": known(
        "torch 没有这一串模块的融合模块",
        "请只融合 Conv-BatchNorm-ReLU 和 Linear-ReLU 之类的序列；请从融合列表中删除其他条目。",
    ),
    "stop.not_observed_module": known(
        "转换遇到准备时没有换成可观测模块的模块：{class}",
        "请在准备之前为它指定 qconfig，或将其 qconfig 设为 None 以保持浮点。",
    ),
    "stop.functional_called": known(
        "FloatFunctional 被当作模块调用", "请调用其方法，例如 self.ff.add(x, y) 或 self.ff.cat([x, y])。"
    ),
    "stop.needs_strict_capture": known(
        "量化器查找 source_fn_stack，而只有 strict 捕获会记录它",
        "请打开 strict 捕获，并修改模型中它停止的那一行。",
        "--strict",
    ),
    "stop.needs_strict_export": known(
        "量化器或转换过程查找 source_fn_stack，而只有严格导出会记录它",
        "请用 torch.export.export(model, inputs, strict=True) 导出；静态或动态流程请在 eval 模式下导出。",
    ),
    "stop.shared_spec_unresolved": known(
        "标注所共享范围的边或节点没有标注",
        f"{_ANNOTATE} SharedQuantizationSpec 所指定的边或节点，或指定一个已标注的。",
    ),
    "stop.spec_not_observed": known("标注引用的边或节点没有观测器", f"{_ANNOTATE}该边或节点，或引用之前已观测的。"),
    "stop.derived_spec_unresolved": known(
        "标注由没有观测器的边或节点推出其 scale", f"{_ANNOTATE} derived_from 中的每条边和每个节点。"
    ),
    "stop.annotations_overwritten": known(
        "组合量化器中的 {quantizer} 覆盖了之前量化器的标注",
        "请让它跳过已有 meta['quantization_annotation'] 的节点。",
    ),
    "stop.quantization_spec": known(
        "量化器不接受这样的权重或偏置的 quantization spec",
        "权重请使用 MinMaxObserver 或 PerChannelMinMaxObserver，或其伪量化；偏置请使用浮点。",
    ),
    "stop.several_in_pattern": known(
        "X86InductorQuantizer 在一个模式中找到一条规则的多个算子",
        "请用按模块名或模块类型的规则代替针对所有模块或某个算子的规则。",
    ),
    "stop.keywords_observed": known(
        "量化器标注了一个以关键字参数调用的算子，例如 torch.add 的 alpha，而 prepare_pt2e 不接受它们",
        "请不用关键字参数，例如把 torch.add(x, y, alpha=a) 写作 x + a * y，或不要标注它。",
    ),
    "stop.onednn_number": known(
        "onednn 的后端配置在加法两侧查找卷积，遇到普通的数而失败",
        "请改为加上张量，或使用后端配置 x86。",
    ),
}
