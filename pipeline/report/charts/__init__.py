"""Charts as SVG with text as text. Each says in words what it shows, for those who cannot see it.

Colours read on light and on dark ground, and none of them alone tells anything: marks differ in
shape, and figures are written beside them.
"""
