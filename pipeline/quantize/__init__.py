"""Weights of a converted model stored anew: grids, codebooks, packings, and the file itself."""
