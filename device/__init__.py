"""Everything about the far side: the hdc driver, connected targets, the emulated device.

Nothing is imported here, so that whoever needs one module pays for that module only:

* ``device.device``: what a device is and does (the ``Device`` protocol and its records);
* ``device.targets``: which devices are connected, and the choice of one;
* ``device.hdc``: a device that is reached through the ``hdc`` command;
* ``device.emulator``: a device that is played on this machine, behind an ``hdc`` stand-in;
* ``device.errors``: what can go wrong, each cause with a hint.
"""
