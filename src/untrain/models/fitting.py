"""The configuration of a transformers type, brought to the size of the images and to a width."""

from __future__ import annotations

from typing import Any

from untrain.errors import UserError
from untrain.models.ecosystems import tell

SIZES = ("hidden_size", "image_size", "num_attention_heads", "num_channels", "patch_size")
"""Settings that are 1 or more."""
FEWEST = 7
"""Patches in a row that an image should have; 4 for images under 14 pixels."""


def check_sizes(config: Any, file: str, where: str) -> None:
    """Raise UserError, with the file and the values, if sizes in a configuration are none."""
    found = {name: getattr(config, name, None) for name in SIZES}
    wrong = [f"{name} {one}" for name, one in found.items() if isinstance(one, int) and one < 1]
    if wrong:
        raise UserError(f"{file} gives {', '.join(wrong)}.", where, "Give 1 or more.")


def fitted(config: Any, name: str, size: int, channels: int) -> None:
    """Set the size of images, and a size of patches that divides it, in a type's configuration."""
    config = getattr(config, "vision_config", config)  # of a model of images and text
    config.num_channels = channels
    if not hasattr(config, "image_size"):
        return
    config.image_size = size if isinstance(config.image_size, int) else [size, size]
    patch = getattr(config, "patch_size", None)
    fewest = FEWEST if size >= 2 * FEWEST else 4
    if not isinstance(patch, int) or (size % patch == 0 and size // patch >= fewest):
        return
    fitting = [one for one in range(2, size) if size % one == 0 and size // one >= fewest]
    if not fitting or fitting[0] > patch:
        raise UserError(
            f"hf:{name} cuts images into equal patches; {size} pixels cannot be cut.",
            where=f"--model hf:{name}",
            fix="Bring the images to a size such as 32, 64 or 224: --size 32.",
        )
    config.patch_size = max(one for one in fitting if one <= patch)
    cut = f"patches of {config.patch_size} x {config.patch_size} pixels, not {patch} x {patch}"
    tell(f"hf:{name}: {cut}, as these images have {size} x {size}")


def narrowed(config: Any, name: str, width: int) -> None:
    """Set the width of tokens, and what follows from it."""
    before, heads = getattr(config, "hidden_size", None), getattr(config, "num_attention_heads", 0)
    settable = isinstance(before, int) and isinstance(heads, int) and heads > 0
    if not settable or "hidden_size" in type(config).attribute_map:
        what = f"hf:{name} has no single width."
        fix = "Leave --width out, or write a config.json and name its folder: hf:FOLDER."
        raise UserError(what, "--width", fix)
    config.hidden_size = width
    config.num_attention_heads = max(n for n in range(1, heads + 1) if width % n == 0)
    if isinstance(getattr(config, "intermediate_size", None), int):
        config.intermediate_size = width * config.intermediate_size // before
    if getattr(config, "pooler_output_size", None) == before:
        config.pooler_output_size = width
