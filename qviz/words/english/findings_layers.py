"""English: findings about layers that stay in float for their own sake. Parts of an entry: message, reason, hint."""

from __future__ import annotations

from qviz.words.language import Entry


def _passed_by(message: str, reason: str, hint: str) -> Entry:
    return {"message": f"{{modules}} {{modules:stays/stay}} in float: {message}", "reason": reason, "hint": hint}


STATEMENTS: dict[str, Entry] = {
    "type_not_replaced.subclass": _passed_by(
        "the class {type} is a subclass of {base}",
        "torch looks layers up by their exact type and replaces {base} itself, no subclass",
        "{type} computes as {base} does, so give {modules:it/them} that class before quantizing: "
        "for path in {paths}: model.get_submodule(path).__class__ = torch.nn.{base}",
    ),
    "type_not_replaced.own_forward": _passed_by(
        "the class {type} is a subclass of {base} with a forward of its own",
        "torch looks layers up by their exact type and replaces {base} itself, no subclass; a quantized {base} would "
        "not run the forward of {type}",
        "Hold a torch.nn.{base} inside {type} instead of deriving from it, and do the rest in forward() around it.",
    ),
    "type_not_replaced.sync_batch_norm": _passed_by(
        "SyncBatchNorm is not BatchNorm2d",
        "the patterns that fold or quantize a batch norm list BatchNorm1d, 2d and 3d by their exact type",
        "Replace {modules:it/them} before quantizing, by BatchNorm1d or 3d where the inputs have 3 or 5 dimensions: "
        "for path in {paths}: sync = model.get_submodule(path); plain = torch.nn.BatchNorm2d(sync.num_features, "
        "sync.eps, sync.momentum, sync.affine, sync.track_running_stats); plain.load_state_dict(sync.state_dict()); "
        "model.set_submodule(path, plain.eval())",
    ),
    "type_not_replaced.scripted": _passed_by(
        "{type} is TorchScript",
        "what is inside a scripted or traced module is closed to torch.ao: it is neither observed nor replaced",
        "Build {modules:it/them} from the Python class, without torch.jit.script or torch.jit.trace, and load its "
        "weights by load_state_dict.",
    ),
}
