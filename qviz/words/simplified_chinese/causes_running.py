"""Simplified Chinese: known causes of failures while a model runs, and guesses of its inputs."""

from __future__ import annotations

from qviz.words.language import Entry
from qviz.words.simplified_chinese.causes import known

_INTEGERS = (
    "请不改动计算它们的算子：PT2E 中，在计划的 [quantizer_options] 中设置 skip_integers = true；"
    "FX 和 eager 模式中，将其 qconfig 设为 None。"
)
_BATCHES = "请检查每个批次是否符合示例输入的"

GUESSES: dict[str, Entry] = {
    "guess.channels": {"text": "{size} 来自 {path}。"},
    "guess.features": {"text": "{size} 来自 {path}。"},
    "guess.flat": {"text": "共 {size} 个值，来自 {path}。"},
    "guess.size_free": {"text": "{size} × {size} 是推测值[[：{smallest} × {smallest} 也可以]]。"},
    "guess.size_fits": {"text": "{size} × {size} 是第一个能运行的大小。"},
    "guess.length_free": {"text": "长度 {length} 是推测值[[：{path} 最多允许 {most}]]。"},
    "guess.length_fits": {"text": "长度 {length} 来自各层。"},
    "guess.rows": {"text": "{path} 有 {rows:grouped} 行。"},
    "guess.mask": {"text": "用作掩码。"},
    "guess.own": {"text": "来自模型旁的输入。"},
    "guess.same_shape": {"text": "形状与 {other} 相同。"},
    "guess.any": {"text": "没有层决定其形状；此形状可以运行。"},
    "guess.unknown": {"text": "没有层决定其形状。请输入。"},
}

STATEMENTS: dict[str, Entry] = {
    **GUESSES,
    "stop.batch_norm_without_statistics": known(
        "一个没有运行统计量的 batch norm 紧随卷积之后，而 torch 仍然折叠它",
        "请以 track_running_stats=True 创建并训练它；或在 forward() 中在两者之间放一个算子，如 clone()，batch norm 便保持浮点。",
    ),
    "stop.convolution_arguments": known(
        "convert 把函数 {function} 的参数交给其量化形式，而调用没有给出 {argument}",
        "请按位置给出该函数的所有参数，尺寸用元组：F.conv2d(x, weight, bias, (1, 1), (0, 0), (1, 1), 1)；或把权重放在卷积模块中。",
    ),
    "stop.no_network": known(
        "计划或项目所指定的代码试图使用网络，而 qviz 不允许",
        "请先下载文件并给出其路径。如果您信任该代码，请允许网络。",
        "--network",
    ),
    "stop.functional_by_keyword": known(
        "FX 图模式按位置查找函数的输入，而此调用以名称给出",
        "请按位置传入张量，例如 F.linear(x, weight, bias) 或 torch.add(x, y)。",
    ),
    "stop.attribute_of_fused": known(
        "forward() 读取某个模块的 {attribute}，而融合已将该模块换成没有此属性的 {class}",
        "请将 {attribute} 复制到单独的参数或缓冲区中，并在 forward() 中读取它。",
    ),
    "stop.output_not_tensors": known(
        "FX 图模式的输出应为张量，或由它们组成的列表、元组和字典，而 forward() 返回了其他内容",
        "请只返回张量和 None。",
    ),
    "stop.nested_graph_lost": known(
        "一个区域在另一个之内（例如 torch.no_grad() 之下的 torch.autocast()）是图中的图，而 torch.ao 丢失了内层的图",
        "请从 forward() 中去掉其中之一：用 requires_grad_(False) 冻结参数，而不是放在 no_grad() 之下。",
    ),
    "stop.constant_lost": known(
        "图丢失了一个张量，它既不是参数也不是缓冲区，而 forward() 读取或替换它",
        "请用 register_buffer() 注册该张量，并原地写入（copy_）或返回新值。",
    ),
    "stop.channels_of_activation": known(
        "激活的每个通道各有一个 scale，量化模块都不接受",
        "请对激活使用逐张量的观测器；每个通道一个 scale 只用于权重。",
    ),
    "stop.dtype_asserted": known(
        "捕获的图断言张量当时的 dtype 为 {expected}，而有观测器时为 {got}",
        "如果 forward() 使用 torch.autocast，请去掉它：该断言由它产生。",
    ),
    "stop.cuda_missing": known(
        "模型调用 CUDA，而此机器没有 CUDA",
        "请用输入或参数的设备代替 'cuda'，例如 torch.zeros(..., device=x.device)。",
    ),
    "stop.devices_differ": known(
        "不同设备上的张量相遇",
        "请在输入所在的设备上创建该张量，例如 torch.zeros(..., device=x.device)，或将它注册为缓冲区。",
    ),
    "stop.meta_tensor": known("模型含有 meta 张量：其权重从未加载", "请加载权重，或不用 device='meta' 创建模型。"),
    "stop.out_of_memory": known("机器的内存太少", "请使用更小的批次或更小的输入。"),
    "stop.values_not_a_number": known(
        "观测器遇到了 NaN", "请检查数据和权重中的 NaN 和 inf，以及模型中的除以零或对 0 取对数。"
    ),
    "stop.range_empty": known(
        "没有见到数据的观测器没有范围：最小值为 inf，最大值为 -inf",
        "请在第一个批次之前调用 model.apply(torch.ao.quantization.enable_observer)，并运行能到达每一层的批次。",
    ),
    "stop.values_infinite": known(
        "观测器遇到了无穷大的值", "请检查数据中的 inf、溢出，以及值为 -inf 的掩码；请使用有限的掩码，例如 -100。"
    ),
    "stop.dtype_observed": known(
        "要求观测器观测类型为 {dtype} 的数，而它做不到",
        "请让读取或计算它们的算子保持浮点：将其 qconfig 设为 None，或不标注它。",
    ),
    "stop.dtype_of_data": known(
        "数据为 {name} 给出类型为 {dtype} 的数，而示例输入是 {wanted:dtype}",
        "请给出与示例输入 dtype 相同的数据：图像应与训练模型时一样，例如 image.float() / 255。",
    ),
    "stop.indices_in_float": known("embedding 的索引被量化变成了浮点（{dtype}）", _INTEGERS),
    "stop.integers_in_float": known("接受整数的算子得到了由量化变成的浮点", _INTEGERS),
    "stop.no_tensor_observed": known(
        "观测器得到的是 {class}，而不是张量",
        "请让那里的算子或模块保持浮点：将其 qconfig 设为 None。",
    ),
    "stop.recurrent_observed": known(
        "观测器得到的是循环模块返回的 {class}，而不是张量",
        "请让它保持浮点：将其 qconfig 设为 None。动态流程会量化 LSTM、GRU 及其单元。",
    ),
    "stop.shape_observed": known(
        "观测器得到的是 {class}，而不是张量",
        "请逐个数字给出形状，例如 x.view(x.size(0), -1, n)，而不是元组之和；或让那里的算子保持浮点：将其 qconfig 设为 None。",
    ),
    "stop.attention_without_batch": known(
        "可量化的 MultiheadAttention 只接受批次，而得到的是二维张量",
        "请给出三维张量（batch_first=True 时用 x.unsqueeze(0)），或将其 qconfig 设为 None。",
    ),
    "stop.padding_mode": known(
        "量化卷积没有填充模式 {mode}",
        "请在 padding=0 的卷积之前用 F.pad(x, ..., mode=...) 填充；eager 模式下放在 QuantStub 之前。",
    ),
    "stop.no_quantized_kernel": known(
        "{operator} 没有用于量化张量的内核",
        "请在其前反量化（eager 模式下用 DeQuantStub），对加法和 cat 使用 FloatFunctional，或让它保持浮点。",
    ),
    "stop.float_into_quantized": known(
        "{operator} 需要量化张量，而得到的是浮点张量", "请量化其输入：eager 模式下在其前放 QuantStub。"
    ),
    "stop.weight_only_qconfig": known(
        "该 qconfig 在激活观测器的位置上是 torch.nn.Identity，只用于权重的 qconfig 就是这样，而此流程要向观测器询问 dtype",
        "请使用观测激活的 qconfig，例如 get_default_qconfig('x86')，或使用仅权重流程。",
    ),
    "stop.zero_point_outside": known(
        "伪量化的 zero point 在其范围之外，含 NaN 或 inf 的范围就会这样",
        "请检查训练是否发散：打印损失、降低学习率或裁剪梯度。",
    ),
    "stop.zero_point_of_dtype": known(
        "zero point {zero_point} 在 dtype 之外：观测器的 quant_min 和 quant_max 不是其 dtype 的",
        "请从观测器（包括权重的）中去掉 quant_min 和 quant_max，或选择具有它们的 dtype：0 … 255 为 quint8，−128 … 127 为 qint8。",
    ),
    "stop.weight_axis": known(
        "权重沿输出通道以外的轴逐片取 scale",
        "请将权重观测器的 ch_axis 设为输出通道所在的维度：Linear 和 Conv 为 0。",
    ),
    "stop.no_process_group": known(
        "forward() 与训练的其他进程通信，而这里没有其他进程",
        "请只在 torch.distributed.is_initialized() 时调用 torch.distributed。",
    ),
    "stop.no_engine": known("此 torch 没有所选的量化引擎", "请选择其他后端：x86、onednn 或 qnnpack。", "--backend"),
    "stop.half_weights_of_engine": known(
        "引擎 {engine} 没有 float16 权重的内核", "请选择后端 x86 或 fbgemm，或使用 qint8 权重。", "--backend"
    ),
    "stop.asymmetric_weights": known(
        "引擎 onednn 只接受零点为 0 的权重",
        "请使用对称 qscheme 的权重观测器，例如 default_weight_observer，或后端 x86。",
    ),
    "stop.output_padding": known(
        "引擎 onednn 不接受带 output_padding 的转置卷积", "请让它保持浮点，或选择后端 x86。", "--backend"
    ),
    "stop.weight_is_method": known(
        "某处把量化模块的 weight 当作张量读取，而它在那里是方法",
        "请调用它，即 module.weight()，或让该模块保持浮点。",
    ),
    "stop.exported_mode": known(
        "train() 和 eval() 对导出的模型不起作用，因此 torch 禁止调用",
        "请调用 torch.ao.quantization.move_exported_model_to_train 或 move_exported_model_to_eval。",
    ),
    "stop.not_a_leaf": known("模型保存了带有梯度历史的张量，无法复制", "请在保存之前分离它：self.cache = x.detach()。"),
    "stop.no_compiler": known("Inductor 没有找到可用的 C++ 编译器", "请安装 g++ 或 clang，或不 lower 模型。"),
    "stop.one_value_per_channel": known(
        "训练模式下的 batch norm 每个通道只得到一个值，它没有方差",
        "请以至少两个样本的批次训练；没有训练函数时，请给出两个样本的示例输入。或让此 batch norm 保持 eval 模式。",
    ),
    "stop.trace_variadic": known(
        "torch.fx 把 {argument} 当作一个值，不知道其中有多少个",
        "请给 forward() 的各个参数单独命名。[[{other:text}]]",
    ),
    "stop.trace_refused": known(
        "这段代码不接受 {argument}：torch.fx 跟踪时它是 Proxy，即张量的替身：{text}",
        "跟踪时请跳过这项检查：用 isinstance({argument}, torch.fx.Proxy) 判断。[[{other:text}]]",
    ),
    "stop.trace_wrap": known(
        "{function} 不接受 Proxy，即 torch.fx 跟踪时张量的替身：{text}",
        "请在 {where} 顶部（函数之外）写上 torch.fx.wrap('{function}')：torch.fx 便把 {function} 记录为一次调用，"
        "它保持浮点。[[{other:text}]]",
    ),
    "stop.dynamic_shapes_of_one": known(
        "dynamic_shapes 把某个维度声明为可变，而它在示例输入中的大小为 {size}，torch.export 把这样的大小视为固定",
        "请给出该维度大小为 2 或更大的示例输入。",
    ),
    "stop.dynamic_shapes_range": known(
        "某个维度在示例输入中的大小为 {size}，而 dynamic_shapes 中它的 Dim 允许 {low} … {high}",
        "请给出大小在此范围内的示例输入，或给 Dim 另设 min 和 max。",
    ),
    "stop.no_running_statistics": known(
        "训练后的图缺少一个张量：很可能是已融合的 batch norm 的权重或运行统计量",
        "请以 affine=True 和 track_running_stats=True 创建 batch norm。",
    ),
    "stop.assert_of_capture": known(
        "捕获的图断言 {expression}，而对这些数据不成立",
        "torch.export 由 forward() 对该值的用法推出了它：请从输入取得该大小，或使用固定的数。",
    ),
    "stop.no_gradient": known(
        "损失不依赖任何需要梯度的参数",
        "请在 torch.no_grad() 之外，由模型的输出以及需要梯度的参数计算损失。",
    ),
    "stop.package_missing": known("运行引擎的解释器没有安装 Python 包 {package}", "请在那里安装它。"),
    "stop.shared_specs_in_circle": known(
        "这些标注相互共享范围，构成循环，其中没有一个有自己的范围",
        "请在量化器中为其中一个指定 QuantizationSpec，让其他的用 SharedQuantizationSpec 引用它。",
    ),
    "stop.parameter_written": known(
        "forward() 写入需要梯度的参数",
        "请另行计算新值并使用它，或冻结该参数：requires_grad_(False)。",
    ),
    "stop.recursion": known(
        "达到了 Python 的递归限制", "请检查是否有包含自身的模块，或用 sys.setrecursionlimit() 提高限制。"
    ),
    "stop.no_kernel": known("此后端没有 {dtype} 的内核", "请使用其他后端或量化器，或让该算子保持浮点。"),
    "stop.shape_fixed": known(
        "输入的形状与导出模型时不同",
        "请检查每个批次是否符合示例输入；dynamic_shapes 可让所选的维度变化。",
    ),
    "stop.reshape_fixed": known(
        "含 {size} 个数的张量被改变形状为 {shape}，这只适合其他的批次或图像大小",
        "请从张量取得大小，例如 x.flatten(1) 或 x.reshape(x.shape[0], -1)，或给出与示例输入形状相同的批次。",
    ),
    "stop.shapes_differ": known("两个张量的形状不符", f"{_BATCHES}形状。"),
    "stop.types_differ": known("dtype 不同的张量相遇", f"{_BATCHES} dtype。"),
    "stop.arguments": known("调用 {function}() 时有多余的参数，或缺少必填的参数", f"{_BATCHES}参数。"),
    "stop.index_out_of_range": known(
        "索引超出 embedding 的最后一行", "请检查每个批次：索引应为从 0 到 num_embeddings 减一。"
    ),
}
