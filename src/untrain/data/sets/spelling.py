"""Keys in other spellings: accents that a Mac writes as two signs, and the slashes of Windows."""

from __future__ import annotations

import unicodedata

import numpy as np

from untrain.data.images import Images


def found_as_spelled(keys: np.ndarray, images: Images) -> np.ndarray:
    """Positions of the given keys (n,), -1 where there is none; exact ones win over others.

    A key in another spelling counts where one image alone has it in that spelling.
    """
    found = images.positions(keys) if len(keys) else np.zeros(0, dtype=np.int64)
    lost = np.flatnonzero(found < 0)
    if len(lost) and any(_plain(key) != key or not key.isascii() for key in keys[lost].tolist()):
        places: dict[str, int] = {}
        for at, key in enumerate(images.keys.tolist()):
            places[_plain(key)] = -1 if _plain(key) in places else at
        found[lost] = [places.get(_plain(key), -1) for key in keys[lost].tolist()]
    return found


def hint(lost: list[str], images: Images, like: str) -> str:
    """What keys look like, or the one that a name without its folder may mean.

    lost: entries that match nothing. like: the key of a training image.
    """
    ends = f"/{lost[0]}" if lost else "/"
    meant = [key for key in images.keys.tolist() if key.endswith(ends)]
    if len(meant) == 1:
        return f"A key is the whole path: did you mean '{meant[0]}'?"
    return f"Keys here look like '{like}'."


def _plain(key: str) -> str:
    return unicodedata.normalize("NFC", key).replace("\\", "/")
