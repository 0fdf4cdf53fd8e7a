"""Simplified Chinese: findings about the integers that a quantizer uses."""

from __future__ import annotations

from qviz.words.language import Entry
from qviz.words.simplified_chinese.findings_numbers import MEASURED

STATEMENTS: dict[str, Entry] = {
    "few_levels.range": {
        "message": "{subject} 的范围只有 {levels} 个量化级，{low:number} 到 {high:number}",
        "reason": "无论观测器的 quant_min 和 quant_max 如何，内核都以 8 位计算：scale 只把值分布到 256 级中的 {levels} 级"
        + MEASURED,
        "hint": "请从观测器中去掉 quant_min 和 quant_max；需要 7 位的引擎请用 reduce_range=True。",
    },
    "few_levels.weight": {
        "message": "{subject} 的权重只用到 256 个量化级中的 {levels} 个，{low:number} 到 {high:number}",
        "reason": "无论观测器的 quant_min 和 quant_max 如何，内核都以 8 位计算，因此 scale 比可能的更粗" + MEASURED,
        "hint": "请从权重的观测器中去掉 quant_min 和 quant_max。",
    },
    "levels_unused": {
        "message": "{subject} 的一半量化级未使用：范围对称，而值不为负",
        "reason": "对称方案把 zero point 放在无符号 dtype 的中间，其下没有值；这浪费一位，即 6 dB" + MEASURED,
        "hint": "请对这些激活使用 qscheme=torch.per_tensor_affine。",
    },
    "rule.bounds_outside_dtype": {
        "text": "范围超出 dtype",
        "what": "观测器的 quant_min 或 quant_max 是其 dtype 所没有的：torch 会停止，或截断数值。",
        "advice": "请从观测器中去掉 quant_min 和 quant_max，或选择具有它们的 dtype。",
    },
    "bounds_outside_dtype.refused": {
        "message": "{subject} 量化到 {low:number} … {high:number}，而 {dtype:dtype} 只有 {smallest:number} … {largest:number}",
        "reason": "转换后模型的 quantize 算子会检查该范围并停止",
        "hint": "请从观测器或 QuantizationSpec 中去掉 quant_min 和 quant_max，或选择具有它们的 dtype："
        "0 … 255 为 uint8，−128 … 127 为 int8。",
    },
    "bounds_outside_dtype.zero_point": {
        "message": "{subject} 量化到 {low:number} … {high:number}，而 {dtype:dtype} 只有 {smallest:number} … {largest:number}",
        "reason": "其 zero point 按该范围计算，落在 dtype 之外，quantize 在此停止",
        "hint": "请从观测器中去掉 quant_min 和 quant_max，或选择具有它们的 dtype：0 … 255 为 quint8，−128 … 127 为 qint8。",
    },
    "bounds_outside_dtype.cuts": {
        "message": "{subject} 量化到 {low:number} … {high:number}，而 {dtype:dtype} 只有 {smallest:number} … {largest:number}",
        "reason": "scale 和 zero point 按该范围计算；dtype 之外的整数在其两端被截断" + MEASURED,
        "hint": "请从观测器中去掉 quant_min 和 quant_max，或选择具有它们的 dtype：0 … 255 为 quint8，−128 … 127 为 qint8。",
    },
}
