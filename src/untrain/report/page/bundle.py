"""The JavaScript of Vega, Vega-Lite and Vega-Embed as one script, from vl-convert; no network."""

from __future__ import annotations

from functools import cache

VEGALITE = "6.4"
"""The version that altair 6 writes."""
SNIPPET = "window.vegaEmbed = vegaEmbed;"


@cache
def bundle() -> str:
    """The script, about 0.9 MB; made once in a process (2 s)."""
    import vl_convert

    text = str(vl_convert.javascript_bundle(SNIPPET, vl_version=VEGALITE))
    return text.replace("\r\n", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")
