"""What makes two networks two beyond their settings: the files that they are made from."""

from __future__ import annotations

from pathlib import Path

from untrain.errors import MISSING, UserError
from untrain.files import file_hash
from untrain.models.ecosystems import HUB


def contents(model: str, pretrained: str) -> dict[str, str]:
    """Hashes of the files that `--model` and `--pretrained` name, by the name of the setting.

    Raises UserError (3) if one is missing.
    """
    named: dict[str, list[Path]] = {}
    if pretrained not in ("", HUB):
        named["pretrained"] = [Path(pretrained)]
    prefix, _, place = model.partition(":")
    if prefix == "hf" and Path(place).is_absolute():
        named["model"] = [Path(place) / "config.json"]
        if pretrained == HUB:
            named["pretrained"] = sorted(Path(place).glob("*.safetensors"))
    for flag, files in named.items():
        for file in files:
            if not file.is_file():
                what = f"No file {file}, which the network is made from."
                raise UserError(what, f"--{flag}", "Put it there, or name another.", MISSING)
    return {flag: " ".join(map(file_hash, files)) for flag, files in named.items()}
