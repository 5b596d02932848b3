"""Accuracy that quantized weights took, won back by a short training with those weights.

Only ``stage`` is for callers; what imports MindSpore runs in a process of its own.
"""
