"""The stages chained: what each command does, without a terminal."""
