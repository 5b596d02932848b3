"""A published comparison, run again on the digits: before, quantized, quantized and fine-tuned.

``python -m examples.experiment`` (or ``make experiment``) trains LeNet-5 from scratch with several
seeds, quantizes each network in several ways, wins accuracy back by a short training, and writes a
table beside the published figures, and a page with pictures.
"""
