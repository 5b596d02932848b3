"""What is deployed, as the converter gets it, and the right answers to the test set.

``artefact`` is what every way in gives. Networks with a checkpoint are exported by the checkpoint
stage; ``stage`` takes model files: ``interface`` reads their inputs, ``worker`` runs them in the
runtime of their format, ``fp32`` in MindSpore Lite where there is none.
"""
