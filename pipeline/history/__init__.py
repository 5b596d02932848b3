"""What was measured before: every result of every run, in one SQLite file."""
