"""Model files looked into: ``.ms``, ``.mindir``, ``.ckpt`` and ``.onnx``, from anywhere.

The files are not trusted. They are mapped, never loaded: weights stay where they are, every
offset and length is checked before it is used, and what a file may make the reader allocate or
do is bounded by its size. ``look`` is the way in, ``record`` what comes out, ``flatbuffer`` and
``wire`` the two containers, one module a kind above them. Nothing here needs another package.
"""
