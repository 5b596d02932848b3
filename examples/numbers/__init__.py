"""Two-digit numbers: MobileNetV2, its data and its training."""
