"""How often a request has been audited: trying models until one passes is a choice too.

The list lies with the Original, by the images that are forgotten, and holds hashes of weights.
"""

from __future__ import annotations

import json
from pathlib import Path

from untrain.data.images import Images
from untrain.data.sets.splits import Split, key_hash
from untrain.errors import UserError
from untrain.files import TORN, lock, writable, write_json
from untrain.progress import say

NAME = "audits.json"


def candidates(
    home: Path, split: Split, images: Images, weights: str, benchmark: bool = False
) -> int:
    """How many models have been audited for this request, this one included.

    home: folder of the Original. benchmark: a table of methods, in which nothing is chosen, adds
    nothing to the list. A model that is audited again counts once.
    """
    request = key_hash(images.keys[split.forgotten])
    if benchmark:
        return len({*_read(home).get(request, []), weights})
    if not writable(home):
        say(f"{home} cannot be written: this audit is not counted")
        return len({*_read(home).get(request, []), weights})
    with lock(home, wait=f"waiting for another process in {home}"):
        known = _read(home)
        tried = sorted({*known.get(request, []), weights})
        if tried != known.get(request):
            try:
                write_json(home / NAME, known | {request: tried})
            except UserError as error:  # a full disk: the audit can be shown all the same
                say(f"{error.what} This audit is not counted.")
    return len(tried)


def _read(home: Path) -> dict[str, list[str]]:
    try:
        found = json.loads((home / NAME).read_text())
    except TORN:
        return {}
    return found if isinstance(found, dict) else {}
