"""transformers' image classifiers: `hf:` and a type (vit), a repository, or a folder.

A type gives the configuration that transformers has for it, changed to the images: `image_size`,
`num_channels`, `num_labels`, and for small images a `patch_size` that divides them. A repository
or a folder keeps its own, but for channels and classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from pickle import PickleError
from typing import Any

import torch
from torch import Tensor, nn

from untrain.errors import MISSING, UserError, unknown
from untrain.files import write_json
from untrain.models.ecosystems import MAKING, Ecosystem, Pictured
from untrain.models.fitting import check_sizes, fitted, narrowed
from untrain.models.processors import PROCESSOR, constants_in, described

FOREIGN = {"trust_remote_code": False}
"""Code that a folder or a repository brings is never run, nor is anybody asked about it."""


class Transformers(Ecosystem):
    """An image classifier of transformers, found by `AutoModelForImageClassification`."""

    package, prefix = "transformers", "hf"
    install = "pip install transformers"

    def check(self) -> None:
        self.folder = folder_of(self.name)
        self.failing = failing()
        types: Any = self.library.models.auto.modeling_auto
        self.types: dict[str, Any] = dict(types.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES)
        known = self.name in self.types or "/" in self.name or self.folder is not None
        if not known and Path(self.name).is_dir():
            what, fix = f"{self.name} has no config.json.", "Write one: model.save_pretrained"
            raise UserError(what, self.where, fix)
        if not known:
            fix = f"Types: {', '.join(self.types)}. Or a repository, or a folder: ./FOLDER"
            raise unknown("transformers type", self.name, self.types, fix)
        if self.folder is not None and not (self.folder / "config.json").is_file():
            what, fix = f"{self.folder} has no config.json.", "Name a folder of save_pretrained."
            raise UserError(what, self.where, fix, MISSING)

    @property
    def is_type(self) -> bool:
        """Whether it is a type of transformers, and no configuration that somebody has chosen."""
        return self.folder is None and self.name in self.types

    def config(self, **changes: Any) -> Any:
        """The configuration, with changes. Raises UserError if it cannot be had or read."""
        with quiet(self.library):
            if self.is_type:
                classes = self.types[self.name]  # one, or several of which the first is plain
                plain = classes if isinstance(classes, str) else classes[0]
                changes |= {"architectures": [plain]}
                return self.library.AutoConfig.for_model(self.name, **changes)
            try:
                found = self.had(self.library.AutoConfig.from_pretrained, **FOREIGN)
            except self.failing as error:
                raise self.unavailable(error) from error
            check_sizes(found, f"{self.folder or self.name}/config.json", self.where)
            for name, value in changes.items():
                setattr(found, name, value)
            return found

    def had(self, load: Any, **options: Any) -> Any:
        """What `load` gives for a folder, or for a repository: from the cache, else the hub."""
        if self.folder is not None:
            return load(str(self.folder), local_files_only=True, **options)
        try:
            return load(self.name, local_files_only=True, **options)
        except OSError:
            return load(self.name, **options)

    def unavailable(self, error: Exception) -> UserError:
        """The error for a folder or a repository that transformers refuses."""
        words = " ".join(str(error).split())[:200]
        what = f"{self.name} cannot be loaded by transformers: {words}"
        fix = "Check the name; without a network, name a folder with its files: hf:FOLDER."
        if "trust_remote_code" in str(error):
            what = f"{self.name} is made by Python code of its own, which untrain does not run."
            fix = "Read that code, and call it in a function of yours: --model module:function."
        elif self.folder is not None:
            fix = f"Mend {self.folder}/config.json, or write the folder again: save_pretrained."
        return UserError(what, self.where, fix, MISSING)

    def make(self, *, classes: int, channels: int, size: int, width: int = 0) -> nn.Module:
        config = self.config(num_labels=classes, num_channels=channels)
        if self.is_type:
            fitted(config, self.name, size, channels)
        if width:
            narrowed(config, self.name, width)
        try:
            made = self.built(config)
        except MAKING as error:
            raise self.refused(size, channels, error) from error
        theirs = getattr(config, "image_size", size)
        if theirs != size and theirs != [size, size]:
            self.try_size(made, channels, size, theirs)
        return made

    def built(self, config: Any) -> nn.Module:
        try:
            with quiet(self.library):
                auto = self.library.AutoModelForImageClassification
                made: nn.Module = auto.from_config(config, dtype=torch.float32, **FOREIGN)
        except ValueError as error:
            if "Unrecognized configuration" not in str(error):
                raise
            what = f"{self.name} ({config.model_type}) is no image classifier of transformers."
            raise UserError(what, self.where, f"Types: {', '.join(self.types)}") from error
        return made

    def try_size(self, made: nn.Module, channels: int, size: int, theirs: Any) -> None:
        """Raise UserError if a network takes images of its own size alone."""
        mode = made.training
        try:
            with torch.no_grad():
                made.eval()(torch.zeros(1, channels, size, size))
        except MAKING as error:
            raise UserError(
                f"{self.prefix}:{self.name} takes images of {theirs} x {theirs} pixels; these have "
                f"{size} x {size}.",
                where=self.where,
                fix=f"Bring the images to its size: --size {theirs}; or name a type (hf:vit), "
                "which is made for these.",
            ) from error
        made.train(mode)

    def own_weights(self) -> dict[str, Tensor]:
        if self.is_type:
            what = f"{self.prefix}:{self.name} is a type, which comes without weights."
            raise UserError(what, "--pretrained hub", "Name a repository or a folder: hf:REPO.")
        self.config()
        load = self.library.AutoModelForImageClassification.from_pretrained
        try:
            with quiet(self.library):
                model, info = self.had(load, output_loading_info=True, **FOREIGN)
        except self.failing as error:
            raise self.unavailable(error) from error
        return told(model, info)

    def normalise(self) -> str:
        """As the image processor of the folder or repository says."""
        if self.is_type:
            return ""
        options = {"_raise_exceptions_for_missing_entries": False}
        try:
            found = self.had(partial(self.library.utils.cached_file, filename=PROCESSOR), **options)
        except OSError as error:
            raise self.unavailable(error) from error
        return constants_in(Path(found), self.where) if found else ""

    def labels(self) -> list[str]:
        names = {} if self.is_type else self.config().id2label
        found = [str(names[label]) for label in sorted(names)]
        return [] if found == [f"LABEL_{label}" for label in range(len(found))] else found

    def translated(self, tensors: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
        """Names as transformers has saved them in files, or in an older version."""
        if tensors.keys() == model.state_dict().keys():
            return dict(tensors)
        kind: Any = type(model)
        with quiet(self.library):
            loaded, info = kind.from_pretrained(
                None,
                config=model.config,
                state_dict=dict(tensors),
                output_loading_info=True,
                ignore_mismatched_sizes=True,
            )
        return told(loaded, info)

    def save(self, model: nn.Module, folder: Path, about: Pictured) -> None:
        network: Any = model
        if network.config.num_labels == len(about.classes):
            network.config.id2label = dict(enumerate(about.classes))
            network.config.label2id = {name: label for label, name in enumerate(about.classes)}
        with quiet(self.library):
            network.save_pretrained(folder)
        write_json(folder / PROCESSOR, described(about))

    def load(self, folder: Path, make: Callable[[], nn.Module]) -> nn.Module:
        with quiet(self.library):
            auto = self.library.AutoModelForImageClassification
            loaded: nn.Module = auto.from_pretrained(str(folder), local_files_only=True, **FOREIGN)
        return loaded

    def loading(self, about: Pictured) -> str:
        return (
            "from transformers import AutoModelForImageClassification\n\n"
            "model = AutoModelForImageClassification.from_pretrained(FOLDER)"
        )


def folder_of(name: str) -> Path | None:
    """The local folder that is meant; None for a type or a repository."""
    path = Path(name).expanduser()
    no_repository = path.is_absolute() or name.startswith(".") or name.count("/") > 1
    if no_repository or (path / "config.json").is_file():
        return path
    return None


def told(model: Any, info: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors that came from files; of those that did not fit, empty ones of their shape."""
    found = {n: one for n, one in model.state_dict().items() if n not in info["missing_keys"]}
    for name, theirs, _ours in info["mismatched_keys"]:
        found[name] = torch.empty(theirs, device="meta")
    return found | {name: torch.empty(0, device="meta") for name in info["unexpected_keys"]}


def failing() -> tuple[type[Exception], ...]:
    """What transformers raises for files that are missing, damaged or of another kind."""
    hub: Any = import_module("huggingface_hub.errors")
    safetensors: Any = import_module("safetensors")
    strict = getattr(hub, "StrictDataclassError", OSError)  # of a setting of another type
    return (OSError, *MAKING, ArithmeticError, AttributeError, PickleError, EOFError,
            strict, safetensors.SafetensorError)  # fmt: skip


@contextmanager
def quiet(library: Any) -> Iterator[None]:
    """Without transformers' own bars and reports while the block runs."""
    logging: Any = library.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


FOUND = Transformers
