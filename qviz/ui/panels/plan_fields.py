"""The options of a plan, by the names that torch gives them: what a form of them shows."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from qviz.document.plan import BACKEND_CONFIGS, BACKENDS, QUANTIZERS, WEIGHT_DTYPES
from qviz.words import mark

FieldSort: TypeAlias = Literal["text", "names", "lists", "choice", "open", "number", "decimal", "flag", "maybe", "toml"]


class FormRow(NamedTuple):
    """One option.

    Attributes:
        field: Of `Plan`; after a dot, of what stands in that field.
        title: What torch calls it.
        sort: How it is edited.
        about: What it does, in short; F1 tells the whole.
        choices: What it can be; of numbers, what is shown for none.
    """

    field: str
    title: str
    sort: FieldSort
    about: str = ""
    choices: tuple[str, ...] = ()


GROUPS: tuple[tuple[str, tuple[FormRow, ...]], ...] = (
    (
        mark("Model and data"),
        (
            FormRow("source", "source", "text", mark("A file with a name in it, or package.module:name.")),
            FormRow("inputs", "example_inputs", "names", mark("A shape, file or mod:callable for each argument.")),
            FormRow("weights", "state_dict", "text", mark("A .pt or .safetensors file of weights. Empty: as built.")),
            FormRow("calibrate", "calibration_data", "text", mark("A file or mod:callable. Empty: the inputs.")),
            FormRow("batch_limit", "batches", "number", mark("At most this many calibration batches."), (mark("all"),)),
            FormRow(
                "random_batches",
                "random_batches",
                "number",
                mark("Without calibration data: how many random batches to draw."),
            ),
            FormRow("train", "train", "text", mark("A mod:callable that trains the model it is given.")),
            FormRow(
                "dtype",
                "dtype",
                "choice",
                mark("Convert the model to float32 first, or keep its dtype."),
                ("float32", "keep"),
            ),
            FormRow("seed", "manual_seed", "number", mark("The seed of all random numbers.")),
        ),
    ),
    (
        mark("Configuration"),
        (
            FormRow("backend", "backend", "choice", mark("The kernels that the result is for."), BACKENDS),
            FormRow("quantizer", "quantizer", "open", mark("A quantizer of torch, or mod:callable."), QUANTIZERS),
            FormRow(
                "quantizer_options.per_channel", "is_per_channel", "maybe", mark("A weight scale for each channel.")
            ),
            FormRow("quantizer_options.reduce_range", "reduce_range", "maybe", mark("Leave one bit unused.")),
            FormRow(
                "quantizer_options.skip_integers",
                "skip_integers",
                "flag",
                mark("Leave operators on integers as they are."),
            ),
            FormRow(
                "quantizer_options.rules", "set_module_name", "toml", mark("Settings for some modules or operators.")
            ),
            FormRow("qconfig", "qconfig", "text", mark("The name of a QConfig of torch, or mod:callable.")),
            FormRow("rules", "qconfig_mapping", "toml", mark("Rules for some modules, also in the left panel.")),
            FormRow(
                "backend_config",
                "backend_config",
                "open",
                mark("The patterns to use. Empty: those of the backend."),
                BACKEND_CONFIGS,
            ),
            FormRow(
                "weight_dtype",
                "weight_dtype",
                "choice",
                mark("The dtype of the weights of embeddings and Linear."),
                WEIGHT_DTYPES,
            ),
            FormRow(
                "custom",
                "prepare_custom_config",
                "toml",
                mark("Custom modules, and inputs that are already quantized."),
            ),
        ),
    ),
    (
        mark("Capture, fusion and result"),
        (
            FormRow("strict", "strict", "maybe", mark("Default: strict first, then not.")),
            FormRow(
                "dynamic_shapes",
                "dynamic_shapes",
                "text",
                mark("A name or mod:callable, as torch.export.export takes it."),
            ),
            FormRow(
                "fuse_list",
                "modules_to_fuse",
                "lists",
                mark("For example conv, bn; conv2, bn2. Empty: found by tracing."),
            ),
            FormRow("fuse_for_training", "fuse_modules_qat", "maybe", mark("Default: in QAT flows.")),
            FormRow("fuser", "fuser_func", "text", mark("A mod:callable that replaces fuse_known_modules.")),
            FormRow("fold_quantize", "fold_quantize", "flag", mark("Store weights quantized.")),
            FormRow("reference", "use_reference_representation", "flag", mark("Also show the reference stage.")),
            FormRow("lower", "lower_pt2e_quantized_to_x86", "flag", mark("Also lower the result to x86 kernels.")),
            FormRow("fake", "FakeTensorMode", "flag", mark("Build the model without its weights; measure nothing.")),
        ),
    ),
    (
        mark("Measurement"),
        (
            FormRow(
                "evaluate", "evaluation_data", "text", mark("A file or mod:callable. Empty: the calibration data.")
            ),
            FormRow("metric", "metric", "text", mark("A mod:callable that gets outputs and a batch.")),
            FormRow("measure", "measure", "maybe", mark("Default: the noise ledger where the output is noisy.")),
            FormRow("exact", "exact", "flag", mark("One quantizer at a time; slower than the estimate.")),
            FormRow(
                "workers", "workers", "number", mark("Processes that share an exact measurement."), (mark("none"),)
            ),
            FormRow("executor", "executor", "text", mark("A mod:callable that gives a concurrent.futures.Executor.")),
            FormRow(
                "at_most",
                "at_most",
                "decimal",
                mark("Seconds after which an exact measurement stops."),
                (mark("no limit"),),
            ),
            FormRow("thresholds.error_db", "error_db", "decimal", mark("An output with a lower SQNR is an error.")),
            FormRow(
                "thresholds.warning_db", "warning_db", "decimal", mark("An output with a lower SQNR is a warning.")
            ),
            FormRow(
                "thresholds.agreement", "agreement", "decimal", mark("A smaller share in the same class is an error.")
            ),
        ),
    ),
)
