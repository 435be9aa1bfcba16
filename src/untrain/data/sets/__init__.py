"""Who is trained on, forgotten, held out, tested, and at hand."""
