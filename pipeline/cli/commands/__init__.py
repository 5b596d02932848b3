"""One module a command: its options, its call, and how its result is shown."""
