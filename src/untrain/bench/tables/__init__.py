"""Tables of a study: from statistics to cells, and from cells to each form."""
