"""What users write, read safely and checked whole before any work."""
