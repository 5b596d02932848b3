"""Handwritten digits: LeNet-5, its data, its training and its checkpoint."""
