"""English: the names of kinds of nodes, stages and levels. Parts of an entry: text; of kinds also count."""

from __future__ import annotations

from qviz.words.language import Entry

STATEMENTS: dict[str, Entry] = {
    "kind.input": {"text": "input", "count": "{count:input|inputs}"},
    "kind.output": {"text": "output", "count": "{count:output|outputs}"},
    "kind.constant": {"text": "constant", "count": "{count:constant|constants}"},
    "kind.fake_quant": {"text": "fake quantize", "count": "{count:fake quantize|fake quantizes}"},
    "kind.observer": {"text": "observer", "count": "{count:observer|observers}"},
    "kind.choose_qparams": {"text": "choose qparams", "count": "{count:choose qparams|choose qparams}"},
    "kind.quantize": {"text": "quantize", "count": "{count:quantize|quantizes}"},
    "kind.dequantize": {"text": "dequantize", "count": "{count:dequantize|dequantizes}"},
    "kind.quantized_op": {"text": "quantized operator", "count": "{count:quantized operator|quantized operators}"},
    "kind.fused_op": {"text": "fused operator", "count": "{count:fused operator|fused operators}"},
    "kind.op": {"text": "operator", "count": "{count:operator|operators}"},
    "stage.captured": {"text": "Captured"},
    "stage.fused": {"text": "Fused"},
    "stage.prepared": {"text": "Prepared"},
    "stage.converted": {"text": "Converted"},
    "stage.reference": {"text": "Reference"},
    "stage.lowered": {"text": "Lowered"},
    "level.error": {"text": "error"},
    "level.warning": {"text": "warning"},
    "level.info": {"text": "info"},
}
