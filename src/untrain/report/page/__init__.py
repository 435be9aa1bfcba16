"""A `Report` as one HTML file that needs no network."""

from untrain.report.page.render import render

__all__ = ["render"]
