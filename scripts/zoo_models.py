"""One small model, with random weights, of each architecture that people quantize: of transformers and of timm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

Example = tuple[nn.Module, dict[str, Any]]
"""A model in eval mode, and what it is called with by name."""

_LAYERS = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
_TEXT = {"vocab_size": 100, **_LAYERS}
_DECODER = {**_TEXT, "num_key_value_heads": 2, "use_cache": False}
_SMALL = {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "use_cache": False}
_SEQ2SEQ = {
    "vocab_size": 100,
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "use_cache": False,
}
_CLIP_TEXT = {**_TEXT, "eos_token_id": 2, "bos_token_id": 1, "pad_token_id": 0, "max_position_embeddings": 20}


def _ids(length: int = 8) -> torch.Tensor:
    return torch.randint(3, 90, (1, length))


def _image(side: int = 32) -> torch.Tensor:
    return torch.randn(1, 3, side, side)


def _model(kind: str, inputs: dict[str, Any], **options: Any) -> Example:
    import transformers

    config = getattr(transformers, f"{kind}Config")(**options)
    return getattr(transformers, f"{kind}Model")(config).eval(), inputs


def _text(kind: str, **options: Any) -> Example:
    return _model(kind, {"input_ids": _ids()}, **options)


TRANSFORMERS: dict[str, Callable[[], Example]] = {
    "BERT": lambda: _text("Bert", **_TEXT),
    "RoBERTa": lambda: _text("Roberta", max_position_embeddings=40, **_TEXT),
    "DistilBERT": lambda: _text("DistilBert", vocab_size=100, dim=32, n_layers=2, n_heads=2, hidden_dim=64),
    "ALBERT": lambda: _text("Albert", embedding_size=16, **_TEXT),
    "ELECTRA": lambda: _text("Electra", embedding_size=16, **_TEXT),
    "DeBERTa-v2": lambda: _text("DebertaV2", relative_attention=True, pos_att_type=["p2c", "c2p"], **_TEXT),
    "GPT-2": lambda: _text("GPT2", vocab_size=100, n_embd=32, n_layer=2, n_head=2, use_cache=False),
    "Llama": lambda: _text("Llama", **_DECODER),
    "Qwen2": lambda: _text("Qwen2", **_DECODER),
    "Mistral": lambda: _text("Mistral", **_DECODER),
    "Gemma": lambda: _text("Gemma", head_dim=16, **_DECODER),
    "OPT": lambda: _text("OPT", num_attention_heads=2, ffn_dim=64, word_embed_proj_dim=32, **_SMALL),
    "T5": lambda: _model(
        "T5",
        {"input_ids": _ids(), "decoder_input_ids": _ids(4)},
        vocab_size=100,
        d_model=32,
        d_kv=16,
        d_ff=64,
        num_layers=2,
        num_heads=2,
        use_cache=False,
    ),
    "BART": lambda: _model("Bart", {"input_ids": _ids(), "decoder_input_ids": _ids(4)}, **_SEQ2SEQ),
    "Whisper": lambda: _model(
        "Whisper",
        {"input_features": torch.randn(1, 16, 40), "decoder_input_ids": _ids(4)},
        num_mel_bins=16,
        max_source_positions=20,
        pad_token_id=0,
        decoder_start_token_id=1,
        bos_token_id=1,
        eos_token_id=2,
        **_SEQ2SEQ,
    ),
    "Wav2Vec2": lambda: _model(
        "Wav2Vec2",
        {"input_values": torch.randn(1, 1600)},
        conv_dim=(16, 16),
        conv_stride=(5, 2),
        conv_kernel=(10, 3),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=4,
        **_TEXT,
    ),
    "ViT": lambda: _model("ViT", {"pixel_values": _image()}, image_size=32, patch_size=8, **_LAYERS),
    "Swin": lambda: _model(
        "Swin",
        {"pixel_values": _image()},
        image_size=32,
        patch_size=4,
        embed_dim=16,
        depths=[1, 1],
        num_heads=[2, 2],
        window_size=4,
    ),
    "CLIP": lambda: _model(
        "CLIP",
        {"input_ids": _ids(), "pixel_values": _image()},
        text_config=_CLIP_TEXT,
        vision_config={"image_size": 32, "patch_size": 8, **_LAYERS},
        projection_dim=16,
    ),
    "Mamba": lambda: _text("Mamba", state_size=4, **_SMALL),
}
"""Encoders, decoders, encoders with decoders, of vision, of audio, multimodal, of state spaces."""

_TIMM = {
    "resnet10t": 64,
    "mobilenetv3_small_050": 64,
    "efficientnet_b0": 64,
    "regnetx_002": 64,
    "convnext_atto": 64,
    "ghostnet_050": 64,
    "mnasnet_small": 64,
    "repvgg_a0": 64,
    "lcnet_050": 64,
    "fbnetc_100": 64,
    "hardcorenas_a": 64,
    "tinynet_e": 64,
    "edgenext_xx_small": 64,
    "mobilevit_xxs": 64,
    "vit_tiny_patch16_224": 224,
    "deit_tiny_patch16_224": 224,
    "pit_ti_224": 224,
    "resmlp_12_224": 224,
    "poolformer_s12": 64,
    "levit_128s": 224,
}
"""The sides of the pictures that they take."""


def _of_timm(name: str, side: int) -> Example:
    import timm

    return timm.create_model(name, pretrained=False).eval(), {"x": _image(side)}


TIMM: dict[str, Callable[[], Example]] = {name: partial(_of_timm, name, side) for name, side in _TIMM.items()}
