"""Simplified Chinese: findings about batch norms and fusion. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry


def _left(reason: str, hint: str) -> Entry:
    return {"message": "batch norm {subject} 没有折叠[[，以 {precision} 运行]]", "reason": reason, "hint": hint}


def _unfused(reason: str, hint: str) -> Entry:
    return {"message": "{subject} 没有融合进 {producer}", "reason": reason, "hint": hint}


def _folded(use: str, extra: str = "") -> Entry:
    return {
        "message": f"{{function}} 改变了模型的计算结果：它{{pairs:all}}，尽管{use}；准备后的图与捕获的图最多相差 "
        f"{{difference:number}}，而值达到 {{largest:number}}{extra}",
        "reason": "torch 2.8 把 batch norm 折叠进其前面的卷积时，不检查还有什么使用该卷积",
        "hint": "请为另一处使用单独的卷积，或在 batch norm 之前放一个算子，例如 clone()。",
    }


_READ = "卷积的输出还有其他读取者"
_CALLED = "卷积的模块在别处也被调用"
_FRESH = "；训练后的统计量会相差更多"
_SHARED = "batch_norm_folded_into_shared_convolution"
_SEPARATE = "请为每次调用使用单独的模块。"

STATEMENTS: dict[str, Entry] = {
    "capture_differs.hooks_fused": {
        "message": "{subject} 的 {hooks:all} 在融合后丢失，或得到另一个张量",
        "reason": "torch 将 {fused:all} 合成一个模块：不再有单独给出 '{module}' 结果的调用"
        "[[；准备好的模型与原始模型的 SQNR 为 {db:db}]]",
        "hint": "请将 hook 的计算写入 forward()；若它只读取，请在转换之后注册。",
    },
    "batch_norm_left.nothing_before": _left(
        "其前面没有紧接的卷积或 Linear，因此没有可折叠进的对象", "可以保持原样：它作为单独的算子运行。"
    ),
    "batch_norm_left.second_in_a_row": _left(
        "它是 {producer} 之后连续的第二个，而 torch 只把一个折叠进卷积",
        "请合并两者，或删除第二个：两者合起来就是一个缩放和一个平移。",
    ),
    "batch_norm_left.read_elsewhere": _left(
        "{readers} 也读取 {producer} 的输出，折叠后会得到归一化的值",
        "请为另一个读取者使用单独的卷积，或让它读取 batch norm 的输出。",
    ),
    "batch_norm_left.called_several_times": _left("{module} 被调用多次，而融合会在每次调用处替换它", _SEPARATE),
    "batch_norm_left.not_listed": _left(
        "融合列表没有把它与 {producer} 合在一起", "请把两者加入融合列表，或删除该列表：此时它由模型推导得出。"
    ),
    "batch_norm_left.exact_type": _left(
        "它的类是 {type}，而融合模式按确切类型列出 {base}",
        "如果 {type} 的计算与 {base} 相同，请在量化之前让它使用该类：module.__class__ = torch.nn.{base}；"
        "否则请自行将其折叠进 {producer}，与 torch.nn.utils.fusion.fuse_conv_bn_weights 的计算相同。",
    ),
    "batch_norm_left.operator_between": _left(
        "{between} 位于 {producer} 与它之间，而模式只连接直接相随的算子",
        "请从 forward() 中去掉 {between}，或把它放到 batch norm 之后：在 eval 模式下它原样传递值。",
    ),
    "batch_norm_left.function": _left(
        "torch 只融合模块，而 {producer} 与此 batch norm 并非都是模块",
        "请把两者都作为模块调用，例如用 nn.Conv2d 和 nn.BatchNorm2d 写成 self.norm(self.conv(x))。",
    ),
    "batch_norm_left.no_pattern": _left(
        "此流程没有列出 {operator} 与 batch norm 的模式",
        "请在量化之前用 torch.nn.utils.fusion.fuse_linear_bn_eval 折叠它。",
    ),
    "batch_norm_left.padding": _left(
        "{producer} 的填充是字符串（aten.{operator}.padding），而训练的模式列出的是 aten.{operator}.default",
        "请以数字给出填充。",
    ),
    "batch_norm_left.taken_with_relu": _left(
        "torch 将它与其后的 relu 融合，而没有 {producer}、batch norm 与 relu 三者的模式",
        "请保持原样，或在量化之前折叠它：torch.nn.utils.fusion.fuse_conv_bn_eval(conv, norm)，转置卷积用 transpose=True。",
    ),
    "batch_norm_left.flow_folded_nothing": _left(
        "它紧接在 {producer} 之后，但流程在那里没有折叠任何内容",
        "请检查两者是否都是 eval 模式的模块、彼此相邻，并且 qconfig 或标注相同。",
    ),
    "batch_norm_in_training": {
        "message": "{subject} 处于训练模式，按批次归一化",
        "reason": "training 为 True，因此每个结果都依赖同批次的其余部分，统计量也会不断变化",
        "hint": "请在 convert 之前调用 move_exported_model_to_eval（PT2E）或 model.eval()；请以 eval 模式导出模型。",
    },
    "fusible_but_unfused.read_elsewhere": _unfused(
        "{readers} 也读取 {host} 的输出，并且需要 relu 之前的值",
        "如果模型允许，请让另一个读取者读取 relu 的输出。",
    ),
    "fusible_but_unfused.behind_batch_norm": _unfused(
        "torch 会将线性层与其后的 batch norm（{norm}）融合，但没有二者再加 relu 的模式",
        "无需处理：relu 是作用于整数的单独算子。",
    ),
    "fusible_but_unfused.no_pattern": _unfused(
        "后端没有含 {operator} 的融合模式；有的是 torch.nn.ReLU 和 torch.nn.functional.relu 的模式",
        "请改用 nn.ReLU 或 torch.nn.functional.relu。",
    ),
    "fusible_but_unfused.called_several_times": _unfused(
        "{module} 被调用 {calls} 次；融合进一个卷积后，其他调用处就没有它了", _SEPARATE
    ),
    "fusible_but_unfused.not_one_pattern": _unfused(
        "流程没有把它们作为一个模式匹配：它们不在融合列表中，或 qconfig 不同",
        "请把两者加入融合列表，并使用相同的 qconfig。",
    ),
    "fusible_but_unfused.not_one_qconfig": _unfused(
        "流程没有把它们作为一个模式匹配：它们的 qconfig 不同，或两者之间有其他内容",
        "请让两者使用相同的 qconfig，并让 relu 直接读取该算子。",
    ),
    "fusible_but_unfused.not_listed": _unfused(
        "后端配置没有 {operator} 紧跟 {other} 的融合模式",
        "请为两者添加带融合方法的 BackendPatternConfig，如 torch 自己的配置那样。",
    ),
    "fusible_but_unfused.not_annotated": _unfused(
        "量化器只标注了 {producer}，没有标注 relu，因此两者之间有 cast",
        "请将两者标注为一个模式：{producer} 的输入和 relu 的输出。",
    ),
    "fusible_but_unfused.not_one_annotation": _unfused(
        "量化器分别标注了它们，而不是作为一个模式，因此两者之间有 cast",
        "请让量化器的一条规则同时包含两者，例如 set_global，并让 relu 直接读取该算子。",
    ),
    "fusible_but_unfused.parameter_taken": _unfused(
        "{producer} 与 {readers} 共享一个参数，而 XNNPACKQuantizer 只处理其中没有任何节点（包括参数）已被标注的模式："
        "第二个读取者与其 relu 分开标注",
        "请在导出之前为每次调用准备各自的层，即共享层的 copy.deepcopy。",
    ),
    "batch_norm.into": {"text": "将 {subject} 折叠进 {producer}"},
    f"{_SHARED}.read_elsewhere": _folded(_READ),
    f"{_SHARED}.read_elsewhere_fresh": _folded(_READ, _FRESH),
    f"{_SHARED}.called_elsewhere": _folded(_CALLED),
    f"{_SHARED}.called_elsewhere_fresh": _folded(_CALLED, _FRESH),
}
