"""MindIR files: read, told of, and rewritten to the version that today's converters accept.

MindSpore 2.7 to 2.10 write MindIR version 3 (or 2); MindSpore Lite 2.0 reads version 1 at most.
``rewrite`` bridges the two: ``document`` reads and writes files, ``program`` is what the passes
work on, ``operators`` knows what the installed MindSpore says of its operators, ``effects`` removes
the bookkeeping of side effects, ``rules`` are the substitutions. Nothing here imports MindSpore's
package; the schema and the definitions are taken from where it is installed.
"""
