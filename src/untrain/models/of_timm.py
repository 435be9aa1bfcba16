"""timm's networks: `timm:NAME`, saved in the layout of its hub (config.json, model.safetensors)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from untrain.errors import MISSING, UserError, unknown
from untrain.files import write_json
from untrain.models.ecosystems import MAKING, Ecosystem, Pictured, constants


class Timm(Ecosystem):
    """A network of `timm.list_models()`."""

    package, prefix, install = "timm", "timm", "pip install timm"

    def check(self) -> None:
        if not self.library.is_model(self.name.partition(".")[0]):
            fix = "See: python -c 'import timm; print(timm.list_models())'"
            raise unknown("timm network", self.name, self.library.list_models(), fix)

    def make(self, *, classes: int, channels: int, size: int) -> nn.Module:
        return self.created(size, channels, num_classes=classes, in_chans=channels)

    def created(self, size: int, channels: int, **options: Any) -> nn.Module:
        """The network, told the size of the images where it asks for it."""
        made: nn.Module
        try:
            try:
                made = self.library.create_model(self.name, img_size=size, **options)
            except TypeError:  # a network for images of any size
                made = self.library.create_model(self.name, **options)
        except MAKING as error:
            raise self.refused(size, channels, error) from error
        return made

    def own_weights(self) -> dict[str, Tensor]:
        try:
            model: nn.Module = self.library.create_model(self.name, pretrained=True)
        except (OSError, RuntimeError, ValueError) as error:
            words = " ".join(str(error).split())[:200]
            what = f"timm gives no weights for {self.name}: {words}"
            raise UserError(what, self.where, "Name a file: --pretrained FILE", MISSING) from error
        return dict(model.state_dict())

    def normalise(self) -> str:
        known: Any = self.library.get_pretrained_cfg(self.name)
        return constants(known.mean, known.std) if known else ""

    def save(self, model: nn.Module, folder: Path, about: Pictured) -> None:
        super().save(model, folder, about)
        network: Any = model
        known = dict(getattr(network, "pretrained_cfg", None) or {})
        kept = {name: known[name] for name in ("classifier", "first_conv") if name in known}
        seen = {
            "input_size": [about.channels, *about.size],
            "num_classes": len(about.classes),
            "mean": list(about.mean),
            "std": list(about.std),
            "interpolation": "bicubic",
            "crop_pct": crop_share(about.size[0], about.kept[0]),
            "crop_mode": "center" if about.size[0] == about.size[1] else "squash",
        }
        content = {
            "architecture": self.name.partition(".")[0],
            "num_classes": len(about.classes),
            "num_features": getattr(network, "num_features", None),
            "label_names": list(about.classes),
            "model_args": self.arguments(about),
            "pretrained_cfg": seen | kept,
        }
        write_json(folder / "config.json", content)

    def arguments(self, about: Pictured) -> dict[str, Any]:
        """What `timm.create_model` needs beside the classes to make the same network."""
        given = {"in_chans": about.channels}
        try:
            with torch.device("meta"):
                self.library.create_model(self.name, img_size=about.size[0], **given)
        except TypeError:
            return given
        return given | {"img_size": about.size[0]}

    def loading(self, about: Pictured) -> str:
        options = {"num_classes": len(about.classes), **self.arguments(about)}
        shown = ", ".join(f"{name}={value}" for name, value in options.items())
        return (
            "import timm\nfrom safetensors.torch import load_file\n\n"
            f'model = timm.create_model("{self.name}", {shown})\n'
            'model.load_state_dict(load_file(f"{FOLDER}/model.safetensors"))\nmodel.eval()'
        )


def crop_share(size: int, stored: int) -> float:
    """size / stored, such that timm, which divides by it and drops the rest, comes to `stored`."""
    share = size / stored
    return share if int(size / share) == stored else math.nextafter(share, 0)


FOUND = Timm
