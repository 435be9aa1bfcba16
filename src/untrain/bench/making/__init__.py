"""Making the runs of a study: the loop, the processes, and what a person sees."""
