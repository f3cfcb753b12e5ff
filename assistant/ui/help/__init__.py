"""Help: examples that run, what verdicts mean, keys, and what is kept."""
