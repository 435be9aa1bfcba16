"""What a run is made of, as dataclasses: flags, TOML keys and records come from them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, fields, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_type_hints

from untrain.errors import MISSING, Problems, UserError, unknown

if TYPE_CHECKING:
    from untrain.data.images import Images
    from untrain.data.splits import Split
    from untrain.models.build import ModelSpec

Augment = Literal["auto", "none", "flip", "crop", "crop+flip"]


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which images, and which of them are trained on."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "laptop": {"data": "cifar10", "limit": 5000, "augment": "flip"},
        "coun": {"data": "cifar10", "holdout": 0.0},
        "coun-vgg16": {"data": "cifar100", "holdout": 0.0},
    }

    data: str = "digits"
    """Data set: digits, cifar10, tiny-imagenet-32, ..., folder:PATH or parquet:PATH."""
    data_root: str = ""
    """Folder with local copies, looked at before the hub's cache (ROOT/cifar10/*.parquet)."""
    key: str = ""
    """Column of a parquet file that holds the images' keys; default: the row number."""
    limit: int = 0
    """Train on this many images; the others are never seen. 0: all."""
    holdout: float = 0.1
    """Share held out before anything trains, half val, half unseen. 0: the papers' protocol."""
    split_seed: int = 0
    """Seed of the split and of random forget rules."""
    augment: Augment = "auto"
    """Augmentation: crop+flip as in the papers, less for digits (auto)."""

    def __post_init__(self) -> None:
        """Paths are kept absolute, so that a run can be audited from anywhere."""
        kind, colon, path = self.data.partition(":")
        if self.key and kind in ("digits", "folder"):
            what = f"--key {self.key} names a column of parquet files; {kind} has none."
            raise UserError(what, "--key", "Leave it out: file names are the keys of a folder.")
        if colon and path:
            object.__setattr__(self, "data", f"{kind}:{path_of(path).absolute()}")
        if self.data_root:
            object.__setattr__(self, "data_root", str(path_of(self.data_root).absolute()))

    def load(self) -> tuple[Images, Split]:
        """The images, and the split with nothing forgotten yet."""
        from untrain.data.sources import NAMES, load
        from untrain.data.splits import make_split

        if self.data not in NAMES and os.path.exists(self.data):
            kind = "folder" if os.path.isdir(self.data) else "parquet"
            what = f"Unknown data set '{self.data}'. Did you mean '{kind}:{self.data}'?"
            raise UserError(what, "--data", "Say what the path is: folder:PATH or parquet:PATH.")
        images = load(self.data, self.data_root, self.key)
        split = make_split(images, limit=self.limit, holdout=self.holdout, seed=self.split_seed)
        labels = set(images.y[split.train].tolist())
        if len(labels) == 1:
            what = f"All training images are of one class, {images.classes[labels.pop()]}."
            raise UserError(what, f"--data {self.data}", "Give images of at least two classes.")
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
    """Network (untrain list models), or module:function of your own, called with those of classes,
    channels, size and width that it takes; default: small for digits, resnet18 otherwise."""
    width: int = 0
    """Channels of its first stage (vit: width of its tokens); 0: the network's own default."""
    head: str = ""
    """Name of its classifier head, as in model.named_modules(); default: found by structure."""

    def check(self) -> None:
        """Raise UserError if no images could have this network, as there is none of its name."""
        from untrain.models.build import ModelSpec

        ModelSpec(self.model or "small", classes=2, width=self.width)

    def spec(self, images: Images) -> ModelSpec:
        """The network for these images."""
        from untrain.models.build import ModelSpec

        name = self.model or ("small" if images.size[0] < 28 else "resnet18")
        classes, size = len(images.classes), images.size[0]
        return ModelSpec(name, classes, images.channels, self.width, size, self.head)


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


def read_recipe(path: Path) -> dict[str, Any]:
    """Flat values of a TOML file, named like the flags (`weight_decay = 5e-4`)."""
    import tomllib

    if path.is_dir():
        raise UserError(f"{path} is a folder.", "--recipe", "Name a TOML file.")
    if not path.is_file():
        raise UserError(f"No file {path}.", "--recipe", "Check the path.", MISSING)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.", "--recipe", "Mend it.") from error
    return {name.replace("-", "_"): value for name, value in values.items()}
