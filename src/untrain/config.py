"""What a run is made of, as dataclasses: flags, TOML keys and records come from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from untrain.errors import MISSING, UserError, unknown

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
        if colon and path:
            object.__setattr__(self, "data", f"{kind}:{Path(path).absolute()}")
        if self.data_root:
            object.__setattr__(self, "data_root", str(Path(self.data_root).absolute()))

    def load(self) -> tuple[Images, Split]:
        """The images, and the split with nothing forgotten yet."""
        from untrain.data.sources import load
        from untrain.data.splits import make_split

        images = load(self.data, self.data_root, self.key)
        return images, make_split(
            images, limit=self.limit, holdout=self.holdout, seed=self.split_seed
        )


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which network."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "laptop": {"model": "resnet18", "width": 16},
        "coun": {"model": "resnet18"},
        "coun-vgg16": {"model": "vgg16"},
    }

    model: str = ""
    """Network (untrain list models); default: small for digits, resnet18 otherwise."""
    width: int = 0
    """Channels of its first stage (vit: width of its tokens); 0: the network's own default."""

    def spec(self, images: Images) -> ModelSpec:
        """The network for these images."""
        from untrain.models.build import ModelSpec

        name = self.model or ("small" if images.size[0] < 28 else "resnet18")
        return ModelSpec(name, len(images.classes), images.channels, self.width, images.size[0])


def changed(component: Any) -> dict[str, Any]:
    """The fields that differ from their defaults: what makes two runs two."""
    return {
        f.name: getattr(component, f.name)
        for f in fields(component)
        if f.default is NO_DEFAULT or getattr(component, f.name) != f.default
    }


def build(cls: type[Any], values: Mapping[str, Any], where: str) -> Any:
    """A dataclass from plain values, checked by pydantic; all problems at once.

    Raises UserError naming `where` for unknown keys (with the nearest) and wrong types.
    """
    from pydantic import TypeAdapter, ValidationError

    names = [f.name for f in fields(cls)]
    for name in values:
        if name not in names:
            raise unknown("key", name, names, f"In {where}. Keys: {', '.join(names)}")
    try:
        return TypeAdapter(cls).validate_python(dict(values))
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise UserError("; ".join(lines), where, "Mend these values.") from error


def read_recipe(path: Path) -> dict[str, Any]:
    """Flat values of a TOML file, named like the flags (`weight_decay = 5e-4`)."""
    import tomllib

    if not path.is_file():
        raise UserError(f"No file {path}.", "--recipe", "Check the path.", MISSING)
    try:
        values = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.", "--recipe", "Mend it.") from error
    return {name.replace("-", "_"): value for name, value in values.items()}
