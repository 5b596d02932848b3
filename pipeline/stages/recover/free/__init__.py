"""Accuracy won back without training: each step changes parameters by what data or weights tell."""
