"""A function of the user that gives the images: `--data python:module:function`."""

from __future__ import annotations

from dataclasses import replace

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sources.arrays import hash_of, images_of
from untrain.data.sources.sizes import resized_images
from untrain.errors import UserError
from untrain.models.own import broken, load


def python(name: str, reading: Reading) -> Images:
    """What `module:function()` returns: (images, labels), a map-style Dataset of such pairs, a dict
    of arrays by name, a dict with `train`, `test`, `val` or `unseen` of these, or `Images`.

    Raises UserError if there is no such function, if it fails or returns something else.
    """
    where = f"--data python:{name}"
    try:
        make = load(name)
    except UserError as error:
        raise UserError(error.what, where, error.fix, error.code) from error
    try:
        value = make()
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise broken(f"{name.rpartition(':')[2]}() fails", error, where) from error
    if not isinstance(value, Images):
        return images_of(value, where, f"python:{name}", reading)
    images = value if value.hash else replace(value, hash=hash_of(value.x, value.y.numpy()))
    return resized_images(images, reading.size) if reading.size else images
