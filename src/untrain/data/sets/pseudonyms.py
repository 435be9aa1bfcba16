"""Digests that stand for keys of erased images, so that no file has to name them.

pseudonym = "sha256:" + SHA-256(key). Whoever has the list of all keys can find the key again: that
is what keeps an erased image out of later training, and it hides nothing from such a person.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

PREFIX = "sha256:"


FOUND = "This is a pseudonym, which a purge has left: write what stood there before."
"""What to do about a rule that was copied from a record."""


@lru_cache(maxsize=1 << 18)
def pseudonym(key: str) -> str:
    """The digest of a key; of a digest, itself."""
    if key.startswith(PREFIX):
        return key
    return PREFIX + hashlib.sha256(key.encode()).hexdigest()


def pseudonyms(keys: np.ndarray) -> np.ndarray:
    """The digest of each key: (N,) strings."""
    return np.asarray([pseudonym(key) for key in keys.tolist()], dtype=str)


def named(keys: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The same keys (N,) with the known key in place of each digest of one; others stay."""
    hidden = np.char.startswith(keys, PREFIX) & ~np.isin(keys, known) if len(keys) else keys
    if not len(keys) or not hidden.any():
        return keys
    whose = dict(zip(pseudonyms(known).tolist(), known.tolist(), strict=True))
    return np.asarray([whose.get(key, key) for key in keys.tolist()], dtype=str)
