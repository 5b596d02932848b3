"""References: a run held against what is known to be reached, and that brought up to date."""
