"""Simplified Chinese: findings about layers that stay in float for their own sake. Parts: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry
from qviz.words.simplified_chinese.findings_numbers import MEASURED


def _passed_by(message: str, reason: str, hint: str) -> Entry:
    return {"message": f"{{modules}} 保持浮点：{message}", "reason": reason, "hint": hint}


def _in_float(message: str, reason: str, hint: str) -> Entry:
    return {"message": f"{{subject}} 保持浮点：{message}", "reason": reason, "hint": hint}


_PADDING_HINT = "请以数字给出填充：'valid' 为 0；'same' 为每侧 膨胀 ×（卷积核大小 − 1）/ 2，前提是它为整数。"
_RECURRENT_HINT = "请动态量化它：torch.ao.quantization.quantize_dynamic 会替换 LSTM、GRU 及其单元。其内核不支持带 proj_size 的 LSTM：请改为在其后放一个 Linear。"
_PRODUCT = "{operator} 与[[ {type} 所含的]]权重相乘[[，占乘加运算的 {share:percent}]]"
_PRODUCT_HINT = (
    "请在量化之前用 torch.nn.Linear 替换它，它计算 x @ weight.T + bias：对形状为 (in, out) 的权重，"
    "linear.weight = torch.nn.Parameter(weight.T.contiguous())[[；含 {matrices} 个矩阵的权重需要"
    "为每个矩阵各用一个 Linear，处理输入中属于它的部分]]。"
)
_EXACT = "torch 按确切类型查找层，只替换 {base} 本身，不替换子类"
_OWN_QUANTIZER = "请在您自己的量化器中标注它。"
_NOT_ANNOTATED = "{subject} 没有 quantization_annotation"

STATEMENTS: dict[str, Entry] = {
    "type_not_replaced.subclass": _passed_by(
        "类 {type} 是 {base} 的子类",
        _EXACT,
        "{type} 的计算与 {base} 相同，因此请在量化之前让它使用该类："
        "for path in {paths}: model.get_submodule(path).__class__ = torch.nn.{base}",
    ),
    "type_not_replaced.own_forward": _passed_by(
        "类 {type} 是 {base} 的子类，有自己的 forward",
        f"{_EXACT}；量化的 {{base}} 不会运行 {{type}} 的 forward",
        "请在 {type} 中持有一个 torch.nn.{base}，而不是从它派生，其余部分在其外的 forward() 中完成。",
    ),
    "type_not_replaced.parametrized_subclass": _passed_by(
        "{type}（{base} 的子类）上有 weight_norm 之类的参数化",
        "torch.fx 会进入用户自己的类，找到它认识的函数；参数化把它变成 torch.nn.utils 的类，只剩一次调用，没有模式包含它",
        "请在量化之前去掉参数化，权重保持现在的值：for path in {paths}: "
        "torch.nn.utils.parametrize.remove_parametrizations(model.get_submodule(path), 'weight')",
    ),
    "type_not_replaced.fused_for_training": _passed_by(
        "它是为训练而融合的（{type}）",
        "静态流程的 convert 不列出 fuse_modules_qat 所生成的类",
        "请在评估模式下用 fuse_modules 融合，而不是用 fuse_modules_qat；在计划中请去掉 fuse_for_training。",
    ),
    "type_not_replaced.sync_batch_norm": _passed_by(
        "SyncBatchNorm 不是 BatchNorm2d",
        "折叠或量化 batch norm 的模式按确切类型列出 BatchNorm1d、2d 和 3d",
        "请在量化之前替换它；输入为 3 维或 5 维时换成 BatchNorm1d 或 3d："
        "for path in {paths}: sync = model.get_submodule(path); plain = torch.nn.BatchNorm2d(sync.num_features, "
        "sync.eps, sync.momentum, sync.affine, sync.track_running_stats); plain.load_state_dict(sync.state_dict()); "
        "model.set_submodule(path, plain.eval())",
    ),
    "type_not_replaced.scripted": _passed_by(
        "{type} 是 TorchScript",
        "torch.ao 看不到 script 或 trace 得到的模块内部：既不观测也不替换",
        "请由 Python 类构建它，不用 torch.jit.script 或 torch.jit.trace，并用 load_state_dict 加载其权重。",
    ),
    "padding_outside_patterns.in_float": _in_float(
        "量化器没有单独含 padding='{padding}' 的模式",
        "这样的填充导出为 aten.{operator}.padding；XNNPACKQuantizer 列出的是 aten.{operator}.default，只有紧接 relu "
        "时才接受前者",
        _PADDING_HINT,
    ),
    "padding_outside_patterns.before_relu": {
        "message": "{subject} 为 padding='{padding}'，只因其后的 relu 才被量化",
        "reason": "它导出为 aten.{operator}.padding；torch 中单独卷积的模式、与 batch norm 一起训练的模式，以及 "
        "X86InductorQuantizer 的模式列出的都是 aten.{operator}.default",
        "hint": _PADDING_HINT,
    },
    "layer_in_float.transposed": _in_float(
        "XNNPACKQuantizer 不标注它",
        "XNNPACKQuantizer 有转置卷积紧接 relu 的模式，没有单独的模式",
        "请在您自己的量化器中标注它；逐通道的 scale 沿其权重的轴 1。",
    ),
    "layer_in_float.conv3d": _in_float(
        "XNNPACKQuantizer 不标注它",
        "XNNPACKQuantizer 有三维卷积紧接 relu 的模式，没有单独的模式",
        _OWN_QUANTIZER,
    ),
    "layer_in_float.recurrent_exported": _in_float(
        "量化器不标注循环层",
        "XNNPACKQuantizer 没有 {operator} 的模式，它在导出的图中是一个算子",
        _RECURRENT_HINT,
    ),
    "layer_in_float.recurrent_exported_dynamic": _in_float(
        "量化器不标注它",
        f"{_NOT_ANNOTATED}；{{operator}} 在导出的图中是一个算子，torch 的量化器没有接受它的动态配置",
        _RECURRENT_HINT,
    ),
    "layer_in_float.recurrent": _in_float(
        "在此流程中，后端没有 {operator} 的模式", "其循环层的模式用于动态量化", _RECURRENT_HINT
    ),
    "layer_in_float.recurrent_eager": _in_float(
        "convert 不替换它", "eager 静态量化只替换一种循环层：nn.LSTM", _RECURRENT_HINT
    ),
    "layer_in_float.plain_recurrent": _in_float(
        "torch 没有量化的 nn.RNN",
        "没有流程替换 nn.RNN：quantize_dynamic 替换 LSTM、GRU、LSTMCell、GRUCell 和 RNNCell",
        "请使用 nn.LSTM 或 nn.GRU，或在每一步调用 nn.RNNCell，并动态量化：quantize_dynamic 和 fx-dynamic 会替换它们。",
    ),
    "layer_in_float.product_in_eager": _in_float(_PRODUCT, "它是函数，而 eager 模式按确切类型替换模块", _PRODUCT_HINT),
    "layer_in_float.product_in_pattern": _in_float(
        _PRODUCT, "在此流程中，后端配置没有适合 {operator} 的条目", _PRODUCT_HINT
    ),
    "layer_in_float.product_in_export": _in_float(
        _PRODUCT,
        f"{_NOT_ANNOTATED}：torch 的量化器处理 Linear 层和卷积的权重，而 {{operator}} 两者都不是",
        _PRODUCT_HINT,
    ),
    "layer_in_float.whole": _in_float(
        "torch.fx 将 {operator} 作为一个算子",
        "它不会进入 torch.nn 的模块，因此其中的层既不被观测也不被替换",
        "请选择会捕获其内部算子的 PT2E 流程，或在自己的模块中写出 {operator} 的各层。",
    ),
    "layer_in_float.not_traced": _in_float(
        "配置将其列为不可跟踪",
        "torch.fx 因此将 {operator} 作为一个算子，其中的层既不被观测也不被替换",
        "请将其从 non_traceable_modules 和 non_traceable_classes 中移除，或在 {operator} 之外调用这些层。",
    ),
    "layer_in_float.attention": _in_float(
        "注意力的投影没有被替换",
        "该层作为整体处理，没有模式包含它；它自己读取各投影的权重（in_proj_weight、out_proj）",
        "请为每个投影使用一个 nn.Linear，并用 torch.nn.functional.scaled_dot_product_attention 计算注意力：这样投影会被量化。",
    ),
    "layer_in_float.parameter_taken": _in_float(
        "量化器已将它的一个参数与 {taken_with} 一起处理",
        "XNNPACKQuantizer 只处理其中没有任何节点已被标注的模式，参数也算在内：读取同一个权重或偏置的算子中，它只处理第一个",
        "请在导出之前为每次调用准备各自的层，即共享层的 copy.deepcopy；这需要多一份权重的内存。",
    ),
    "layer_in_float.function": _in_float(
        "它是函数，而 quantize_dynamic 替换模块",
        "forward() 用自己的权重调用函数时，eager 模式没有可替换的内容",
        "请将权重放进 torch.nn.Linear 并调用它。",
    ),
    "layer_in_float.outside": _in_float(
        "模型中没有模块持有其权重",
        "quantize_dynamic 替换模型的模块，而 forward() 调用的是别的内容：普通列表或字典中的模块、先前取得的引用，或使用自有张量的函数",
        "请将该层放在属性、nn.ModuleList 或 nn.ModuleDict 中，并在那里调用它。",
    ),
    "layer_in_float.dtypes": _in_float(
        "后端不接受其 qconfig 的 dtype",
        "后端没有适合 {operators:all} 的 dtype 配置[[：激活 {activation:dtype}]][[，权重 {weight:dtype}]]",
        "请使用后端配置所列 dtype 的观测器：torch 自己的配置列出激活 quint8 与权重 qint8。",
    ),
    "layer_in_float.no_pattern": _in_float(
        "后端没有 {operator} 的模式", "后端配置没有适合它的条目", "请使用后端所列的层，或让它保持浮点。"
    ),
    "layer_in_float.not_annotated": _in_float(
        "量化器没有标注它", _NOT_ANNOTATED, "如果您有意让它保持浮点，则无需处理；否则请标注它。"
    ),
    "tied_weights_split.grows": {
        "message": "{subject} 在转换之前读取同一个共享的权重[[（{names}）]]，之后有 {copies:number} 份："
        "现在为 {now:size}，原为 {was:size}",
        "reason": "convert 为它量化的每一层单独创建权重，而保持浮点的部分另外保留浮点权重[[（{dtypes:every}）]]",
        "hint": "请让共享该权重的所有层保持浮点，这样只保留一份；或量化所有这些层[["
        "：eager 和 FX 流程以 float_qparams_weight_only_qconfig 接受 {embeddings}]]。",
    },
    "tied_weights_split": {
        "message": "{subject} 在转换之前读取同一个共享的权重[[（{names}）]]，之后有 {copies:number} 份："
        "现在为 {now:size}，原为 {was:size}",
        "reason": "convert 为它量化的每一层单独创建权重[[（{dtypes:every}）]]；之后写入其中一份的内容不会到达其他份",
        "hint": "如果转换后的模型只用于运行，则无需处理。",
    },
    "activation_per_channel": {
        "message": "{subject} 以每个通道一个 scale 量化激活",
        "reason": "内核以所有输入通道共用的一个 scale 对乘积求和，因此 torch 的任何后端都不接受逐通道的激活",
        "hint": "请对激活使用逐张量的观测器；只有权重可以每个通道一个 scale。",
    },
    "bias_scale_differs": {
        "message": "{subject} 的偏置的 scale 为 {bias:number}，而输入与权重的 scale 之积为 {wanted:number}",
        "reason": "整数内核把偏置加到乘积上，乘积的 scale 是输入的 scale 乘以权重的 scale" + MEASURED,
        "hint": "请推出偏置的 scale：由该算子的输入和权重建立 DerivedQuantizationSpec。",
    },
    "reduce_range_mismatch.by_processor": {
        "message": "引擎 {backend} 上激活为 7 位：{subject}",
        "reason": "有 VNNI 指令时其内核不会溢出，一半量化级被浪费；没有时它以 16 位相加两个乘积，8 位会溢出，"
        "尽管其自身的 qconfig 为 reduce_range=False",
        "hint": "对有 VNNI 的处理器（avx512_vnni 或 avx_vnni）请使用 get_default_qconfig_mapping('{backend}')；"
        "对其他处理器，7 位是对的。",
    },
    "rule_matches_nothing.eager_function": {
        "message": "针对 '{target}' 的规则不匹配任何模块",
        "reason": "它是函数，而 eager 模式替换的是模块",
        "hint": "请写模块的类型或路径。",
    },
    "applied_twice.observers": {
        "message": "图被准备了两次：{subject} 观测的是另一个观测器的结果",
        "reason": "prepare 不会拒绝已经准备过的图：它在观测器之后再放观测器，权重也是如此，而没有标注会要求两个",
        "hint": "请只对捕获的图调用一次 prepare。",
    },
}
