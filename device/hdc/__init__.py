"""A device that is reached through the ``hdc`` command of DevEco Studio or the OpenHarmony SDK."""
