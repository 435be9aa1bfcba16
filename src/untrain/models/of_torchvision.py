"""torchvision's classifiers: `torchvision:NAME`, saved as a state_dict."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from untrain.errors import MISSING, UserError, unknown
from untrain.models.ecosystems import MAKING, Ecosystem, Pictured

RGB = 3
"""Channels that all of torchvision's networks take."""


class Torchvision(Ecosystem):
    """A classifier of `torchvision.models.list_models(module=torchvision.models)`."""

    package, prefix, install = "torchvision", "torchvision", "pip install torchvision"

    def check(self) -> None:
        self.models = self.library.models
        known = self.models.list_models(module=self.models)
        if self.name not in known:
            raise unknown("torchvision network", self.name, known)

    def make(self, *, classes: int, channels: int, size: int) -> nn.Module:
        if channels != RGB:
            raise UserError(
                f"torchvision's networks take images of {RGB} channels; these have {channels}.",
                where=self.where,
                fix="Use another network, such as resnet18 (untrain list models).",
            )
        return self.created(size, self.options(size), classes)

    def options(self, size: int) -> dict[str, Any]:
        """The size of the images, where the network asks for it, as a ViT does."""
        return {"image_size": size} if self.name.startswith("vit_") else {}

    def created(self, size: int, options: dict[str, Any], classes: int) -> nn.Module:
        made: nn.Module
        try:
            made = self.models.get_model(self.name, weights=None, num_classes=classes, **options)
        except MAKING as error:
            raise self.refused(size, RGB, error) from error
        return made

    def own_weights(self) -> dict[str, Tensor]:
        try:
            weights = self.models.get_model_weights(self.name).DEFAULT
            found: dict[str, Tensor] = weights.get_state_dict(progress=False)
        except (OSError, RuntimeError, ValueError, AttributeError) as error:
            words = " ".join(str(error).split())[:200]
            what = f"torchvision gives no weights for {self.name}: {words}"
            raise UserError(what, self.where, "Name a file: --pretrained FILE", MISSING) from error
        return found

    def normalise(self) -> str:
        return "imagenet"

    def loading(self, about: Pictured) -> str:
        options = {"weights": None, "num_classes": len(about.classes)}
        options |= self.options(about.size[0])
        shown = ", ".join(f"{name}={value}" for name, value in options.items())
        return (
            "from safetensors.torch import load_file\nfrom torchvision.models import get_model\n\n"
            f'model = get_model("{self.name}", {shown})\n'
            'model.load_state_dict(load_file(f"{FOLDER}/model.safetensors"))\nmodel.eval()'
        )


FOUND = Torchvision
