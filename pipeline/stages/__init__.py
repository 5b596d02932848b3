"""The stages: each takes typed inputs, gives typed artefacts, and hides no state."""
