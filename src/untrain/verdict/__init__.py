"""Is the data really gone? Tests of one unlearned model, and the verdict they come to."""
