"""Simplified Chinese: why observers, casts and constants are there."""

from __future__ import annotations

from qviz.words.language import Entry

_ORIGIN = "{origin}"
_CONSTANT = "{target}[[：{qparams}]]"

OBSERVERS: dict[str, Entry] = {
    "observer.output": {"rule": "观测 {subject} 的输出", "evidence": _ORIGIN},
    "observer.input": {"rule": "观测 {reader} 的输入 {subject}", "evidence": _ORIGIN},
    "observer.parameter": {"rule": "为 {reader} 观测 {path} 的 {parameter}", "evidence": _ORIGIN},
    "observer.module_output": {"rule": "观测 {path} 的输出", "evidence": _ORIGIN},
    "fake_quant.output": {"rule": "伪量化 {subject} 的输出", "evidence": _ORIGIN},
    "fake_quant.input": {"rule": "伪量化 {reader} 的输入 {subject}", "evidence": _ORIGIN},
    "fake_quant.parameter": {"rule": "为 {reader} 伪量化 {path} 的 {parameter}", "evidence": _ORIGIN},
    "fake_quant.module_output": {"rule": "伪量化 {path} 的输出", "evidence": _ORIGIN},
    "observer.output_shares_input": {
        "rule": "{asked_by} 的输入和输出共用一个范围：与 {same_observer:all} 共享",
        "evidence": "{asked_by}.meta['{key}']['{field}'] 为 True",
    },
    "observer.of_model": {"rule": "模型自带，或手动插入", "evidence": "{target}[[：{module_type}]]"},
}

ORIGINS: dict[str, Entry] = {
    "origin.annotation": {"evidence": "{asked_by}.meta['{key}'].{field} 要求 {spec}"},
    "origin.annotated_inputs": {"evidence": "{subject}.meta['{key}'] 含 {inputs:all} 的 spec"},
    "origin.annotated_output": {"evidence": "{subject}.meta['{key}'] 含输出的 spec"},
    "origin.annotated_inputs_and_output": {"evidence": "{subject}.meta['{key}'] 含 {inputs:all} 以及输出的 spec"},
    "origin.annotated_neighbors": {"evidence": "相邻的 {neighbors:all} 已标注"},
    "origin.no_neighbor": {"evidence": "其邻居也都没有标注"},
    "origin.target_dtype": {"evidence": "{asked_by}.meta['{key}']['{field}'] 要求 {observer}"},
    "origin.module_qconfig": {"evidence": "{path}.qconfig.{field} 要求 {observer}"},
    "origin.functional": {"evidence": "{path}.{field} 是 {observer}"},
    "origin.observer_before": {"evidence": "它取代一个观测器。{observer}"},
    "origin.fake_quant_before": {"evidence": "它取代一个伪量化。{observer}"},
    "origin.called": {"evidence": "{target}[[：{qparams}]]"},
    "spec.shared": {"evidence": "{shared_with:text} 的范围"},
    "spec.derived": {"evidence": "{dtype:dtype}，由 {derived_from:all} 推出"},
    "spec.fixed": {"evidence": "{dtype:dtype}，固定 scale {scale:number}，zero point {zero_point:number}"},
    "spec.observed": {"evidence": "{dtype:dtype}[[ {quant_min:number} … {quant_max:number}]]，由 {observer}"},
    "edge.output": {"text": "{producer} 的输出"},
    "edge.input": {"text": "{reader} 的输入 {producer}"},
    "tensor.per_tensor": {"evidence": "{dtype:dtype}，scale {scale:number}[[，zero point {zero_point:number}]]"},
    "tensor.per_channel": {
        "evidence": "{dtype:dtype}，{count:个通道|个通道}，{low:number} … {high:number}[[，轴 {axis}]]",
    },
    "tensor.dtype": {"evidence": "{dtype:dtype}"},
}

CASTS: dict[str, Entry] = {
    "cast.quantize": {
        "rule": "为 {readers} 量化[[ {subject}]][[，但没有必要：{same_as} 的 scale 相同]]",
        "evidence": _ORIGIN,
    },
    "cast.quantize_unread": {
        "rule": "量化[[ {subject}]]；结果无人读取[[，且 {same_as} 的 scale 相同]]",
        "evidence": _ORIGIN,
    },
    "cast.choose_qparams": {
        "rule": "每次调用时[[为 {readers} ]]计算[[ {subject} 的]] scale 和 zero point",
        "evidence": _ORIGIN,
    },
    "cast.dequantize_constant": {"rule": "为 {readers} 反量化{constant:text}", "evidence": _ORIGIN},
    "cast.dequantize_returned": {"rule": "反量化[[ {subject}]]：模型以浮点返回它", "evidence": _ORIGIN},
    "cast.dequantize_requantized": {
        "rule": "反量化[[ {subject}]]只是为了让 {readers} 再次量化",
        "evidence": _ORIGIN,
    },
    "cast.dequantize_in_pattern": {
        "rule": "为 {readers} 反量化[[ {subject}]]；认识该模式的后端会以低精度计算",
        "evidence": _ORIGIN,
    },
    "cast.dequantize_for_float": {"rule": "为 {readers} 的浮点输入反量化[[ {subject}]]", "evidence": _ORIGIN},
    "cast.dequantize_unread": {"rule": "反量化[[ {subject}]]；结果无人读取", "evidence": _ORIGIN},
}

CONSTANTS: dict[str, Entry] = {
    "constant.scale": {"rule": "{subject} 的 scale", "evidence": "{reader} 读取 {target}"},
    "constant.zero_point": {"rule": "{subject} 的 zero point", "evidence": "{reader} 读取 {target}"},
    "constant.output_scale": {"rule": "{readers} 输出的 scale", "evidence": "{target}"},
    "constant.output_zero_point": {"rule": "{readers} 输出的 zero point", "evidence": "{target}"},
    "constant.folded_bias": {
        "rule": "{path} 的偏置，由折叠 batch norm 得到",
        "evidence": _CONSTANT,
        "text": "{path} 由折叠 batch norm 得到的偏置",
    },
    "constant.parameter": {
        "rule": "{path} 的 {parameter}",
        "evidence": _CONSTANT,
        "text": " {path} 的 {parameter}",
    },
    "constant.argument": {
        "rule": "{reader} 的 {parameter}",
        "evidence": _CONSTANT,
        "text": " {reader} 的 {parameter}",
    },
    "constant.packed": {
        "rule": "{reader} 的参数，已为其内核打包",
        "evidence": "{target}",
        "text": " {reader} 的打包参数",
    },
    "constant.graph": {"rule": "{reader} 运行的图", "evidence": "{target}", "text": "图 {target}"},
    "constant.operand": {
        "rule": "[[{path} 中]] {reader} 读取的常量",
        "evidence": _CONSTANT,
        "text": "一个常量",
    },
    "constant.attribute": {"rule": "常量 {target}", "evidence": _CONSTANT, "text": "常量 {target}"},
}

STATEMENTS: dict[str, Entry] = {**OBSERVERS, **ORIGINS, **CASTS, **CONSTANTS}
