"""What the practice report says that is run again here: one network, one number a state.

A CNN for handwritten digits on a phone, quantized to 8 bits at equal distances, then trained on for
a tenth to a fifth of its epochs with images turned, flipped and cropped.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """Accuracies in percent and seconds an inference, in the three states; sizes in megabytes."""

    float_percent: float
    quantized_percent: float
    tuned_percent: float
    float_s: float
    quantized_s: float
    tuned_s: float
    float_mb: float
    quantized_mb: float

    @property
    def times_smaller(self) -> float:
        """Size before over size after."""
        return self.float_mb / self.quantized_mb


PUBLISHED = Published(
    float_percent=95.0,
    quantized_percent=90.0,
    tuned_percent=93.0,
    float_s=0.1,
    quantized_s=0.05,
    tuned_s=0.06,
    float_mb=100.0,
    quantized_mb=10.0,
)
