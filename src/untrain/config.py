"""What a run is made of, as dataclasses: flags, TOML keys and records come from them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, fields, make_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_type_hints

from untrain.errors import Problems, UserError, unknown

if TYPE_CHECKING:
    from untrain.data.images import Images
    from untrain.data.sets.splits import Split
    from untrain.models.build import ModelSpec
    from untrain.models.ecosystems import Pictured

LARGEST = 4096
"""Height and width that images can be brought to, in pixels."""
Augment = Literal["auto", "none", "flip", "crop", "crop+flip", "resized-crop+flip"]


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which images, and which of them are trained on."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "laptop": {"data": "cifar10", "limit": 5000, "augment": "flip"},
        "coun": {"data": "cifar10", "holdout": 0.0},
        "coun-vgg16": {"data": "cifar100", "holdout": 0.0},
    }

    data: str = "digits"
    """Data set: digits, cifar10, tiny-imagenet-32, ..., folder:PATH, csv:FILE, parquet:PATH,
    arrow:PATH, numpy:FILE, torch:FILE, or python:module:function."""
    data_root: str = ""
    """Folder with local copies, looked at before the hub's cache (ROOT/cifar10/*.parquet)."""
    key: str = ""
    """Column that holds the images' keys; default: the row number, or the path of the file."""
    label: str = ""
    """Column that holds the labels; default: found by its name."""
    size: int = 0
    """Bring images to this height and width in pixels; 0: all have one size already."""
    stream: int = 0
    """Images in a chunk of data that do not fit in memory: epochs are shuffled chunk by chunk, and
    read while the model trains. 0: all images stay in memory."""
    limit: int = 0
    """Train on this many images; the others are never seen. 0: all."""
    holdout: float = 0.1
    """Share held out before anything trains, half val, half unseen. 0: the papers' protocol."""
    test: str = ""
    """Test images from elsewhere: a data set as in --data; or `drawn`: the fifth that untrain train
    draws from data without a test part."""
    val: str = ""
    """Images for choices, from elsewhere: a data set as in --data, or test:0.5, a fixed part of
    the test images."""
    unseen: str = ""
    """Images that the model has never seen, the audit's reference: given like --val."""
    plant: str = ""
    """What is planted into the training images before anything trains: flips:SHARE,
    confusion:A,B:NUMBER or patch:SHARE:CLASS. The forget rule `planted` names these images."""
    split_seed: int = 0
    """Seed of the split and of random forget rules."""
    augment: Augment = "auto"
    """Augmentation: crop+flip as in the papers, less for digits, resized-crop+flip for --size 96
    and more (auto)."""
    normalise: str = ""
    """Constants of the network's own training: imagenet, half, or MEANS/DEVIATIONS on the scale
    [0, 1], as 0.5/0.5; default: the data set's."""

    def __post_init__(self) -> None:
        """Paths are kept absolute, so that a run can be audited from anywhere."""
        problems = Problems()
        for name, usual in (("size", "images as they are"), ("stream", "all images in memory")):
            if (number := getattr(self, name)) < 0:
                what = f"--{name} {number} is negative."
                problems.add(UserError(what, f"--{name}", f"Use 0 for {usual}."))
        if self.size > LARGEST:
            what = f"--size {self.size} is more than {LARGEST} pixels."
            problems.add(UserError(what, "--size", "Networks take images of 32 to 512 pixels."))
        problems.raise_all()
        for name in ("data", "test", "val", "unseen"):
            object.__setattr__(self, name, absolute(getattr(self, name)))
        if self.data_root:
            object.__setattr__(self, "data_root", str(path_of(self.data_root).absolute()))

    def load(self) -> tuple[Images, Split]:
        """The images, and the split with nothing forgotten yet."""
        from untrain.data.normalise import normalised
        from untrain.data.pixels.sizing import sized, stored_size
        from untrain.data.reading import Reading
        from untrain.data.sets.given_sets import with_given
        from untrain.data.sets.splits import make_split
        from untrain.data.sets.vanishing import tell_untrained
        from untrain.data.sources import KINDS, NAMES, kind_of, load
        from untrain.data.streams.chunks import tell_sorted

        if self.data not in NAMES and os.path.exists(self.data):
            kind = kind_of(Path(self.data))
            what = f"Unknown data set '{self.data}'. Did you mean '{kind}:{self.data}'?"
            raise UserError(what, "--data", f"Say what the path is: {', '.join(KINDS)}.")
        reading = Reading(self.key, self.label, stored_size(self.size, self.augment))
        images = load(self.data, self.data_root, reading)
        given = {"test": self.test, "val": self.val, "unseen": self.unseen}
        images = with_given(images, given, self.data_root, reading)
        images = replace(sized(images, self.size, self.augment), chunk=self.stream)
        images = normalised(images, self.normalise)
        split = make_split(images, limit=self.limit, holdout=self.holdout, seed=self.split_seed)
        if self.plant:
            from untrain.data.plants import planted

            images = planted(images, split, self.plant, self.split_seed)
        labels = set(images.y[split.train].tolist())
        if len(labels) == 1:
            what = f"All training images are of one class, {images.classes[labels.pop()]}."
            raise UserError(what, f"--data {self.data}", "Give images of at least two classes.")
        tell_untrained(images, split.train)
        tell_sorted(images.y[split.train], self.stream)
        return images, split


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which network."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "laptop": {"model": "resnet18", "width": 16},
        "coun": {"model": "resnet18"},
        "coun-vgg16": {"model": "vgg16"},
    }

    model: str = ""
    """Network (untrain list models): of untrain, hf:TYPE, hf:REPO, hf:FOLDER, timm:NAME,
    torchvision:NAME, or module:function of your own, called with those of classes, channels, size
    and width that it takes; default: small for digits, resnet18 otherwise."""
    width: int = 0
    """Channels of its first stage (vit: width of its tokens); 0: the network's own default."""
    head: str = ""
    """Name of its classifier head, as in model.named_modules(); default: found by structure."""
    pretrained: str = ""
    """File of weights that every fresh network starts from, or hub: those that hf:REPO, timm:NAME
    or torchvision:NAME come with. A head of another size stays fresh."""

    def __post_init__(self) -> None:
        """Paths are kept absolute, so that a run can be audited from anywhere."""
        kind, _, path = self.model.partition(":")
        if kind == "hf" and (path_of(path) / "config.json").is_file():
            object.__setattr__(self, "model", f"{kind}:{path_of(path).absolute()}")
        if self.pretrained not in ("", "hub"):
            object.__setattr__(self, "pretrained", str(path_of(self.pretrained).absolute()))

    def identity(self) -> dict[str, Any]:
        """What makes two networks two: the fields that differ, files by their content.

        Raises UserError (3) if a file is missing.
        """
        from untrain.models.identity import contents

        return changed(self) | contents(self.model, self.pretrained)

    def check(self) -> None:
        """Raise UserError if no images could have this network, as there is none of its name."""
        from untrain.models.build import ModelSpec

        self.identity()
        ModelSpec(self.model or "small", classes=2, width=self.width)

    def spec(self, images: Images | Pictured) -> ModelSpec:
        """The network for these images."""
        from untrain.models.build import ModelSpec

        name = self.model or ("small" if images.size[0] < 28 else "resnet18")
        classes, size = len(images.classes), images.size[0]
        return ModelSpec(
            name, classes, images.channels, self.width, size, self.head, self.pretrained
        )


def changed(component: Any) -> dict[str, Any]:
    """The fields that differ from their defaults: what makes two runs two."""
    return {
        f.name: getattr(component, f.name)
        for f in fields(component)
        if f.default is NO_DEFAULT or getattr(component, f.name) != f.default
    }


def unchecked(part: type[Any]) -> type[Any]:
    """The same fields without the checks of `__post_init__`: what flags are parsed into, so that
    the checks of all parts can be told together."""
    plain = {"__post_init__": lambda self: None, "__module__": part.__module__}
    made = make_dataclass(part.__name__, [], bases=(part,), namespace=plain, frozen=True)
    made.__doc__ = part.__doc__
    return made


def build(cls: type[Any], values: Mapping[str, Any], where: str) -> Any:
    """A dataclass from plain values, whose types are checked by pydantic.

    Raises UserError naming `where` for unknown keys (with the nearest) and wrong types, all of
    them at once.
    """
    from pydantic import TypeAdapter, ValidationError

    hints = get_type_hints(cls)
    names = [f.name for f in fields(cls)]
    problems = Problems()
    for name, value in values.items():
        if name not in names:
            problems.add(unknown("key", name, names, f"In {where}. Keys: {', '.join(names)}"))
            continue
        try:
            TypeAdapter(hints[name]).validate_python(value, strict=True)  # text is no number
        except ValidationError as error:
            what = f"{name} = {shown(value)}: {error.errors()[0]['msg']}."
            problems.add(UserError(what, where, "Mend this value."))
    problems.raise_all()
    return cls(**values)


def shown(value: Any) -> str:
    """A value as it stands in a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def path_of(text: str) -> Path:
    """The path that a flag names; a leading ~ that no shell has replaced is the home folder.

    Raises UserError for names that no file can have.
    """
    path = Path(os.path.expanduser(text))
    if "\0" in text or len(os.fsencode(text)) > 4000:
        raise UserError(f"{shown(text[:60])} is no path.", fix="Choose another one.")
    if any(len(os.fsencode(part)) > 255 for part in path.parts):
        what = f"A name in the path {shown(text)} is longer than 255 bytes."
        raise UserError(what, fix="Choose a shorter one.")
    return path


def absolute(source: str) -> str:
    """The name of a data set, its path absolute where it has one."""
    kind, colon, path = source.partition(":")
    named = colon and path and kind not in ("test", "python")
    return f"{kind}:{path_of(path).absolute()}" if named else source
