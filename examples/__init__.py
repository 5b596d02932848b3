"""Networks, data and checkpoints that show the way in."""
