"""The emulated device's ``aa``, ``bm``, ``hilog``, ``pidof`` and ``power-shell``.

``python -I -S app_tool.py DEVICE-FOLDER TOOL [arguments]``
"""

import os
import sys

if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, os.path.dirname(os.path.dirname(here)))
    from device.emulator.app_tools import main

    main(os.path.realpath(sys.argv[1]), sys.argv[2], sys.argv[3:])
