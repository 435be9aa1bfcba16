"""What makes two networks two beyond their settings: the files that they are made from."""

from __future__ import annotations

import inspect
from pathlib import Path

from untrain.errors import MISSING, UserError
from untrain.files import file_hash
from untrain.models.ecosystems import ECOSYSTEMS, HUB
from untrain.models.own import load


def code(model: str) -> str:
    """SHA-256 of the file in which a `module:function` of one's own stands; "" for other networks,
    and for what is compiled. Files that it imports are not looked at.

    Raises UserError if there is no such function.
    """
    if ":" not in model or model.partition(":")[0] in ECOSYSTEMS:
        return ""
    try:
        return file_hash(Path(inspect.getfile(load(model))))
    except (TypeError, OSError):
        return ""


def contents(model: str, pretrained: str) -> dict[str, str]:
    """Hashes of the files that `--model` and `--pretrained` name, by the name of the setting.

    Raises UserError (3) if one is missing.
    """
    own = code(model)
    named: dict[str, list[Path]] = {}
    if pretrained not in ("", HUB):
        named["pretrained"] = [Path(pretrained)]
    prefix, _, place = model.partition(":")
    if prefix == "hf" and Path(place).is_absolute():
        named["model"] = [Path(place) / "config.json"]
        if pretrained == HUB:
            kinds = ("*.safetensors", "pytorch_model*.bin")
            named["pretrained"] = sorted(file for kind in kinds for file in Path(place).glob(kind))
    for flag, files in named.items():
        for file in files:
            if not file.is_file():
                what = f"No file {file}, which the network is made from."
                raise UserError(what, f"--{flag}", "Put it there, or name another.", MISSING)
    found = {flag: " ".join(map(file_hash, files)) for flag, files in named.items()}
    return found | ({"code": own} if own else {})
