"""Counting the instructions of an emulated ARM64 processor: a plugin of qemu-user in C."""

from pathlib import Path

#: The C sources of the plugin.
SOURCES = Path(__file__).parent

#: The environment variable that names the file of the counters, to the plugin and the runner.
COUNTER = "PIPELINE_COUNTER"
