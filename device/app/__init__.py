"""The bench app, driven: how models run on devices that execute signed code only.

The app (``device/bench_app``) holds the runner as a library. A call is one start of it: a request
goes into its sandbox, the app proves by hashes that all it needs came whole, runs, and leaves an
answer with the hashes of what there is to fetch. What it says meanwhile comes by the system's
log, which may lose lines: only the answer counts.
"""
