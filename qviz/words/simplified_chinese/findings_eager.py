"""Simplified Chinese: findings about models for eager mode. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry


def _as_modules(message: str) -> Entry:
    return {
        "message": message,
        "reason": "追踪失败[[，因为{cause:text}]]（{type}[[：{text}]]），并且无法绘制用示例输入的一次运行",
        "hint": "eager 量化本身不需要图：请查看各模块的种类和原因。",
    }


def _recorded(message: str) -> Entry:
    return {
        "message": message,
        "reason": "追踪失败[[，因为{cause:text}]]（{type}[[：{text}]]）",
        "hint": "请检查其他输入是否会在模型中走不同的路径；eager 量化本身不需要图。",
    }


def _functional(reason: str) -> Entry:
    return {
        "message": "{operator} 是函数，eager 模式既不观测也不替换它",
        "reason": f"prepare 和 convert 只改动模块；{reason}",
        "hint": "请改用 {replacement}。",
    }


def _used_twice(reason: str) -> Entry:
    return {
        "message": "{module}（{type}）被调用 {calls} 次",
        "reason": reason,
        "hint": "请为每次调用使用单独的模块。",
    }


def _out_of_order(hint: str) -> Entry:
    return {
        "message": "融合列表把 {modules:all} 合在一起，而它们并不相继，或在别处也被调用",
        "reason": "fuse_modules 不看数据流：每次调用时由第一个模块完成全部工作，其余的各被 Identity 取代，因此模型计算的结果不同",
        "hint": hint,
    }


def _does_not_run(hint: str) -> Entry:
    return {
        "message": "转换后的模型无法运行[[：它停在 {file}:{line}]]",
        "reason": "{text}",
        "hint": hint,
    }


_ONE_SCALE = "其所有调用共用一个观测器和一个 scale"
_NOT_FUSED = "融合会在每次调用处替换它，因此它的任何调用都不能融合"
_STUBS = "；如果之后还有量化模块，请在其后放 QuantStub。"

STATEMENTS: dict[str, Entry] = {
    "drawn_as_modules": _as_modules("图只显示模块，不显示它们之间传递的内容"),
    "drawn_as_modules.at_line": _as_modules("图只显示模块，不显示它们之间传递的内容：torch.fx 无法追踪 {file}:{line}"),
    "recorded_by_running": _recorded("图显示用示例输入运行一次的结果"),
    "recorded_by_running.at_line": _recorded("图显示用示例输入运行一次的结果：torch.fx 无法追踪 {file}:{line}"),
    "missing_quant_stub": {
        "message": "模型没有 QuantStub，因此其量化模块会收到浮点张量",
        "reason": "eager 模式只在有 QuantStub 的地方量化，而转换后的模块只接受量化张量",
        "hint": "请在要量化的部分之前放 QuantStub，之后放 DeQuantStub，或使用 fx-static。",
    },
    "functional_in_eager.stops": _functional("此函数没有用于量化张量的内核"),
    "functional_in_eager.module_passed_by": {
        "message": "{operator} 使用 {module}（{type}）的权重计算，而 {module} 本身从未被调用",
        "reason": "prepare 观测模块被调用时给出的值，而 {module}.forward(x) 或使用其权重的函数绕过了它：convert 随后以 scale 1 量化 {module}",
        "hint": "请调用模块本身，例如 self.{module}(x)。",
    },
    "functional_in_eager.keeps_scale": _functional("此函数保持其输入的 scale，并且不会融合"),
    "module_used_twice.observed": _used_twice(_ONE_SCALE),
    "module_used_twice.fusible": _used_twice(_NOT_FUSED),
    "module_used_twice.observed_and_fusible": _used_twice(f"{_ONE_SCALE}；{_NOT_FUSED}"),
    "fuse_list.entry": {"text": "[{modules:every}]"},
    "fuse_list_out_of_order.instead": _out_of_order("请使用此融合列表：{instead:every}。"),
    "fuse_list_out_of_order.nothing": _out_of_order("请删除融合列表：此模型中没有可融合的内容。"),
    "fuse_list_out_of_order.read_elsewhere": {
        "message": "融合列表把 {modules:all} 合在一起，而 {readers} 也读取它们之间的值",
        "reason": "fuse_modules 不看数据流：由第一个模块完成全部工作，因此 {readers} 得到的是最后一个模块的输出",
        "hint": "请删除此项，或让 {readers} 读取最后的值，或给它单独的层。[[适合此模型的列表：{instead:every}。]]",
    },
    "fuse_list_out_of_order.listed_twice": {
        "message": "融合列表在两项中列出 {again:all}，此处在 {modules:every} 中",
        "reason": "先融合的一项会在 {again:all} 的位置留下 Identity",
        "hint": "请把每个模块只列一次。[[适合此模型的列表：{instead:every}。]]",
    },
    "output_stays_quantized": {
        "message": "{subject} 作为量化张量（{dtype:dtype}）返回",
        "reason": "输出之前没有 DeQuantStub，因此浮点模型返回浮点的地方，转换后的模型返回带 scale 的整数",
        "hint": "请在输出之前放 DeQuantStub，或对它调用 dequantize()。",
    },
    "batch_norm_fused_for_evaluation": {
        "message": "{norms:all} 在训练之前被折叠，因此不参与训练",
        "reason": "fuse_modules 以当时的统计量折叠 batch norm；fuse_modules_qat 则保留它直到 convert",
        "hint": "请从计划中删除 fuse_for_training = false，并在训练模式下用 fuse_modules_qat 融合。",
    },
    "batch_norm_fused_for_evaluation.before": {
        "message": "{modules} 在到来时已按评估模式融合，因此其 batch norm 不参与训练",
        "reason": "eval 模式下的 fuse_modules 把 batch norm 折叠进卷积，并在该 norm 和 relu 的位置留下 Identity",
        "hint": "请给出 fuse_modules 之前的模型；流程会为训练融合它。",
    },
    "batch_norm_fused_for_evaluation.before_without_relu": {
        "message": "{modules} 在到来时已按评估模式融合，因此其 batch norm 不参与训练",
        "reason": "紧随其后的是 Identity，且权重参与训练而偏置不参与：eval 模式下的 fuse_modules 把 batch norm 折叠进没有偏置的层时，"
        "会留下这两者",
        "hint": "请给出 fuse_modules 之前的模型；流程会为训练融合它。",
    },
    "batch_norm_fused_for_evaluation.seems_before": {
        "message": "{modules} 似乎在到来时已按评估模式融合：若是如此，其 batch norm 不参与训练",
        "reason": "紧随其后、本该是 batch norm 的位置上是 Identity，eval 模式下的 fuse_modules 会留下它；模型也可能因其他原因这样写",
        "hint": "如果它是 fuse_modules 放的，请给出融合之前的模型；否则无需处理。",
    },
    "converted_does_not_run.float_into_quantized": _does_not_run("请在第一个量化模块之前放 QuantStub。"),
    "converted_does_not_run.view": _does_not_run("请用 reshape 代替 view：量化卷积返回 channels_last 格式的张量。"),
    "converted_does_not_run.compiled_branch": _does_not_run(
        "请用不带 qconfig 的规则让 torch.cond 或 torch.while_loop 调用的模块保持浮点：它会编译其函数，而 torch.compile "
        "无法跟随量化模块。或者用 Python 的 if 选择。"
    ),
    "converted_does_not_run.zero_point": {
        "message": "转换后的模型无法运行[[：停在 {subject}]]",
        "reason": "{text}",
        "hint": "请改正观测器，或手写的 scale：zero point 超出其 dtype。0 … 255 为 quint8 和 uint8，−128 … 127 为 qint8 和 int8。",
    },
    "converted_does_not_run.weight_is_method": _does_not_run(
        "这里有代码把量化层的 weight 当作张量读取，而在那里它是方法：请调用它，即 weight()，或用规则让该层保持浮点。"
        "如果只需要其 dtype，请读取激活的 dtype。"
    ),
    "converted_does_not_run.weight_of_transformer": _does_not_run(
        "请事先调用 torch.backends.mha.set_fastpath_enabled(False)：torch 的 Transformer 层的快速路径把其线性层的权重当作"
        "张量读取，而在量化模块中 weight 是方法。"
    ),
    "converted_does_not_run.weight_by_hook": _does_not_run(
        "请在量化之前使权重成为永久的：torch.nn.utils.remove_weight_norm(layer)、remove_spectral_norm(layer) 或 "
        "prune.remove(layer, 'weight')。它们的钩子在每次调用时计算权重，而 convert 把钩子移到量化模块上，后者没有钩子要读取的内容。"
    ),
    "converted_does_not_run.no_kernel": _does_not_run(
        "请在没有量化内核的算子之前放 DeQuantStub，或在那里使用 FloatFunctional。"
    ),
    "converted_does_not_run.no_kernel_at_all": _does_not_run(
        f"停在这里的算子没有量化内核，请在其前放 DeQuantStub{_STUBS}"
    ),
    "converted_does_not_run.quantized_into_float": _does_not_run(f"停止的模块保持浮点，请在其前放 DeQuantStub{_STUBS}"),
    "converted_does_not_run.lstm_projection": _does_not_run(
        "请让该 LSTM 保持浮点：torch 的量化内核不接受 proj_size。或设置 proj_size=0，并在其后放 Linear。"
    ),
    "converted_does_not_run.function": _does_not_run(
        "请用 {replacement} 代替函数 {operator}，eager 模式既不观测也不替换它。"
    ),
    "converted_does_not_run.quantized_already": _does_not_run("请删除此 QuantStub：传入的内容已被之前的另一个量化。"),
    "converted_does_not_run.on_data": {
        "message": "转换后的模型无法运行[[：它停在 {subject}]]",
        "reason": "{type}：{text}",
        "hint": "请让停止的算子保持浮点：为它添加不带 qconfig 的规则，或不标注它。",
    },
    "converted_does_not_run.refused_by_qnnpack": {
        "message": "转换后的模型无法运行[[：QNNPACK 拒绝 {subject}]]",
        "reason": "QNNPACK 无法以这些 scale 创建算子；只有输入与输出的 scale 相差不到 2¹⁴ 倍时它才能相加，这很可能就是原因",
        "hint": "请用能填满其周围范围的数据校准（未训练的零权重会使范围为空），让该算子保持浮点，或使用后端 x86 或 onednn。",
    },
    "converted_does_not_run.argument": {
        "message": "转换后的模型无法运行[[：停在 {subject}]]",
        "reason": "torch 的量化模块不接受参数 {argument}，而浮点模块接受：{type}：{text}",
        "hint": "请用不带 qconfig 的规则让 {subject} 保持浮点，或调用时不带 {argument}；"
        "转置卷积可用 output_padding 代替 output_size。",
    },
    "converted_does_not_run.odd_columns": {
        "message": "转换后的模型无法运行[[：停在 {subject}]]",
        "reason": "4 位嵌入的一个字节存放两列，{given:all} 的 embedding_dim 是奇数，因此多给出一列：{type}：{text}",
        "hint": "请使用偶数 embedding_dim，或权重 dtype quint8。",
    },
    "converted_does_not_run.other": _does_not_run("请让停止的部分保持浮点：按其类型或名称添加不带 qconfig 的规则。"),
}
