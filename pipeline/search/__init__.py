"""Which weights to store how: what there is to choose from, what to try next, what is best."""
