"""The runner: C sources that are built for whatever machine is to run a model."""

from pathlib import Path

#: The folder of the C files.
SOURCES = Path(__file__).parent
