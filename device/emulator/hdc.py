"""The stand-in for the ``hdc`` command: ``python -I -S hdc.py HOME [hdc arguments]``."""

import os
import sys

if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, os.path.dirname(os.path.dirname(here)))
    from device.emulator.client import main

    main(sys.argv[1], sys.argv[2:])
