"""Networks of other packages by a prefix: `hf:vit`, `timm:NAME`, `torchvision:NAME`.

A package is imported when one of its networks is asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from untrain.errors import MISSING, UserError
from untrain.progress import say

if TYPE_CHECKING:
    from torch import Tensor, nn

HUB = "hub"
"""In place of a file of weights: those that a network of another package comes with."""

tell = cache(say)
"""Said once, although a run makes several networks."""


@dataclass(frozen=True)
class Pictured:
    """What a network is told of the images that it was trained on, and its new home is told."""

    classes: tuple[str, ...]
    channels: int
    size: tuple[int, int]
    """Height and width in pixels."""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    """Per channel, on the scale [0, 1]."""
    stored: tuple[int, int] = (0, 0)
    """Height and width of the images whose middle the network sees; 0: it sees the whole."""

    @property
    def kept(self) -> tuple[int, int]:
        """Height and width that a photo is brought to before its middle is taken."""
        return self.stored if self.stored[0] else self.size


class Ecosystem(ABC):
    """One network of another package. name: what stands behind the prefix.

    Making one raises UserError if the package is missing (3) or has no such network (2).
    """

    package: ClassVar[str]
    prefix: ClassVar[str]
    install: ClassVar[str]
    """The command that installs the package."""

    def __init__(self, name: str) -> None:
        self.name, self.where = name, f"--model {self.prefix}:{name}"
        self.library = package(self.package, self.install, self.where)
        self.check()

    @abstractmethod
    def check(self) -> None:
        """Raise UserError if there is no such network."""

    @abstractmethod
    def make(self, *, classes: int, channels: int, size: int) -> nn.Module:
        """A network with fresh weights for square images of `size` pixels."""

    @abstractmethod
    def own_weights(self) -> dict[str, Tensor]:
        """The weights that it comes with, by the names of its state_dict."""

    def normalise(self) -> str:
        """The constants of its own weights, as `--normalise` takes them; "" if unknown."""
        return ""

    def labels(self) -> list[str]:
        """The names of its own classes, in the order of its outputs; empty if unknown."""
        return []

    def translated(self, tensors: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
        """A file's tensors by the names of the model's state_dict."""
        return dict(tensors)

    def save(self, model: nn.Module, folder: Path, about: Pictured) -> None:
        """Write the model so that its package loads it."""
        from untrain.models.checkpoint import save
        from untrain.models.given import weights_of

        save(folder / "model.safetensors", weights_of(model), {})

    def load(self, folder: Path, make: Callable[[], nn.Module]) -> nn.Module:
        """The model that was saved; make: gives the network alone."""
        from untrain.models.checkpoint import load_weights

        return load_weights(make(), folder / "model.safetensors")

    @abstractmethod
    def loading(self, about: Pictured) -> str:
        """Python code that makes `model` of the files in the folder `FOLDER`."""

    def refused(self, size: int, channels: int, error: Exception) -> UserError:
        """The error for a network that cannot be made for such images."""
        words = " ".join(str(error).split())[:300]
        return UserError(
            f"{self.prefix}:{self.name} cannot be made for images of {size} x {size} pixels and "
            f"{channels} channels. It says: {type(error).__name__}: {words}",
            where=self.where,
            fix="Bring the images to a size that it takes: --size 224, say; or use another model.",
        )


def constants(mean: Sequence[float], std: Sequence[float]) -> str:
    """Means and deviations, as `--normalise` takes them."""
    return "/".join(",".join(f"{value:g}" for value in part) for part in (mean, std))


@dataclass(frozen=True)
class Entry:
    """Where a prefix leads."""

    module: str
    package: str
    name: str
    """What stands behind the prefix, for lists."""
    does: str


ECOSYSTEMS = {
    "hf": Entry("of_transformers", "transformers", "TYPE|REPO|FOLDER", "transformers' classifiers"),
    "timm": Entry("of_timm", "timm", "NAME", "timm's networks"),
    "torchvision": Entry("of_torchvision", "torchvision", "NAME", "torchvision's classifiers"),
}
MAKING = (ValueError, TypeError, RuntimeError, AssertionError, KeyError, ZeroDivisionError)
"""What the packages raise for sizes that do not suit a network."""


def ecosystem(name: str) -> Ecosystem | None:
    """The network that `prefix:name` asks for; None if the prefix is none of another package.

    Raises UserError if the package is missing or has no such network.
    """
    prefix, colon, rest = name.partition(":")
    if not colon or prefix not in ECOSYSTEMS:
        return None
    if not rest:
        takes = ECOSYSTEMS[prefix].name
        raise UserError(f"'{name}' names no network.", "--model", f"Write {prefix}:{takes}.")
    module = import_module(f"untrain.models.{ECOSYSTEMS[prefix].module}")
    made: Ecosystem = module.FOUND(rest)
    return made


def listed() -> list[dict[str, str]]:
    """A row per prefix, for `untrain list models`."""
    return [
        {
            "name": f"{prefix}:{entry.name}",
            "parameters": entry.does
            + ("" if find_spec(entry.package) else f" ({entry.package} is not installed)"),
        }
        for prefix, entry in ECOSYSTEMS.items()
    ]


def package(name: str, install: str, where: str) -> Any:
    """An imported package. Raises UserError (3) if it is missing or broken."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise _broken(name, where, error) from error
        what = f"{name} is not installed."
        raise UserError(what, where, f"Install it: {install}", MISSING) from error
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise _broken(name, where, error) from error


def _broken(name: str, where: str, error: Exception) -> UserError:
    first = (str(error) or type(error).__name__).splitlines()[0]
    fix = "Install the one for this torch; see: untrain doctor"
    return UserError(f"{name} does not import: {first}", where, fix, MISSING)
