"""What data settings and forget rules come to: from the data, or from what a store has noted.

Settings alone do not say which images are meant: files change, and a rule may read one. What they
have come to is noted in the store, so that tables can be made where the data are not at hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.config import DataConfig, changed
from untrain.errors import UserError
from untrain.files import TORN, write_json
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.data.images import Images
    from untrain.data.sets.splits import Split

AT_ONCE = 2
"""Data sets that are kept in memory."""


@dataclass(frozen=True)
class Facts:
    """images: hash of the data set. split: hash of the keys of each set, after all requests.
    sizes: images in each set. requests: images in each request."""

    images: str
    split: dict[str, str]
    sizes: dict[str, int]
    requests: tuple[int, ...]


@dataclass
class Sets:
    """The data of a study. folder: where what they come to is noted."""

    folder: Path
    fresh: set[Path] = field(default_factory=set)
    """What has been looked up in the data themselves, by this process."""
    loaded: dict[DataConfig, tuple[Images, Split]] = field(default_factory=dict)

    def load(self, data: DataConfig) -> tuple[Images, Split]:
        """The images, and the split with nothing forgotten yet."""
        if data not in self.loaded:
            while len(self.loaded) >= AT_ONCE:
                self.loaded.pop(next(iter(self.loaded)))
            self.loaded[data] = data.load()
        return self.loaded[data]

    def split(self, data: DataConfig, rules: Sequence[str]) -> Split:
        """The split after these requests. Raises UserError with what is wrong with any rule."""
        from untrain.data.sets.splits import forget_each

        images, split = self.load(data)
        return [split, *forget_each(split, rules, images, data.split_seed)][-1]

    def look(self, data: DataConfig, rules: Sequence[str]) -> Facts:
        """What they come to in the data themselves, which is noted."""
        path = self.place(data, rules)
        if path in self.fresh:
            return self.noted(data, rules)
        images, _ = self.load(data)
        split = self.split(data, rules)
        content = {
            "data": named(data),
            "rules": list(rules),
            "name": images.name,
            "classes": list(images.classes),
            "images": images.hash,
            "split": split.hashes(images),
            "sizes": split.sizes(),
            "requests": [len(at) for at in split.requests],
        }
        before = self.known(data, rules)
        if before is not None and before["images"] != content["images"]:
            say(f"The images of {data.data} have changed: runs of the earlier ones do not count.")
        if before != content:
            write_json(path, content)
        self.fresh.add(path)
        return self.noted(data, rules)

    def noted(self, data: DataConfig, rules: Sequence[str]) -> Facts:
        """What the store has noted. Raises UserError if it has nothing."""
        content = self.known(data, rules)
        if content is None:
            rule = " + ".join(rules) or "no request"
            raise UserError(
                f"The store does not know {data.data} with {rule} yet.",
                where=str(self.folder.parent),
                fix="Run the study on it first: untrain bench run STUDY.",
            )
        requests = tuple(content["requests"])
        return Facts(content["images"], content["split"], content["sizes"], requests)

    def known(self, data: DataConfig, rules: Sequence[str]) -> dict[str, Any] | None:
        """All that is noted of them; None where there is nothing that can be read."""
        try:
            content: dict[str, Any] = json.loads(self.place(data, rules).read_text())
            whole = all(content[name] for name in ("images", "split", "sizes"))
            whole = whole and isinstance(content["requests"], list)
        except TORN:
            return None
        return content if whole else None

    def place(self, data: DataConfig, rules: Sequence[str]) -> Path:
        """The file that holds what they have come to."""
        content = json.dumps([named(data), list(rules)], sort_keys=True)
        return self.folder / f"{hashlib.sha256(content.encode()).hexdigest()[:16]}.json"


def named(data: DataConfig) -> dict[str, Any]:
    """The settings without where local copies lie, which is another place on each machine."""
    return {name: value for name, value in changed(data).items() if name != "data_root"}
