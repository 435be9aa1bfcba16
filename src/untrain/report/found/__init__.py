"""What sections tell, as numbers: read out of measures, verdicts and joint files."""
