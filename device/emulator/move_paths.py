"""``python -I -S move_paths.py ROOT``: a script's absolute paths below ROOT, stdin to stdout."""

import os
import sys

if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, os.path.dirname(os.path.dirname(here)))
    from device.emulator.paths import main

    main(sys.argv[1])
