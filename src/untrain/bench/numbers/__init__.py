"""From the measures of runs to means, gaps, intervals and ties, and a paper's beside them."""
