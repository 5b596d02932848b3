"""Checkpoint stage: a network and its trained parameters to MindIR.

All that touches MindSpore or the user's code runs in a child process (``worker``); this side
imports neither.
"""
