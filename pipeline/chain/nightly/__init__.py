"""A night: every model by every recipe on every device, resumable, and judged in the morning."""
