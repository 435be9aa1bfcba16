"""The JavaScript of Vega, Vega-Lite and Vega-Embed as one script, from vl-convert; no network."""

from __future__ import annotations

import base64
import gzip
from functools import cache

VEGALITE = "6.4"
"""The version that altair 6 writes."""
SNIPPET = "window.vegaEmbed = vegaEmbed;"


@cache
def bundle() -> str:
    """The script, about 0.9 MB; made once in a process (2 s)."""
    import vl_convert

    return str(vl_convert.javascript_bundle(SNIPPET, vl_version=VEGALITE)).replace("\r\n", "\n")


@cache
def packed() -> str:
    """The script as it stands in the page: gzip in base64, less than half as long."""
    return base64.b64encode(gzip.compress(bundle().encode(), mtime=0)).decode()
