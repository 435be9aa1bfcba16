"""Pages that several tests look at are made once; this folder's made-up results can be imported."""

from __future__ import annotations

import made_results
import page_example
import pytest

from untrain.report.page import render
from untrain.report.sections import sections


@pytest.fixture(scope="session")
def example() -> str:
    """A page with each kind of part."""
    picture = {page_example.EVIL: page_example.PNG}
    return render(page_example.report(thumbnails=picture), page_example.sections())


@pytest.fixture(scope="session")
def full() -> str:
    """A page with all sections, of results as a usual study leaves them."""
    return render(made_results.report(points=400), sections())
