"""Statistics as pure functions of numbers: they know no model, no device and no file."""
