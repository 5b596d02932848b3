"""Half precision on a device: whether its CPU computes in it, and with which models it must not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from device.device import DeviceFacts
from pipeline.core.errors import UsageError

#: How the runtime's kernels for these fail in fp16. Seen with litert 2.0 on ARM: its outputs are
#: wrong without a word, or the model does not build.
_FAILS = {
    "QUANT_DYNAMIC": "dynamic quantization in fp16 gives wrong outputs, silently",
    "QUANT_ALL": "full quantization in fp16 does not build",
}


@dataclass(eq=False)
class WrongInHalf(UsageError):
    """A model that ARM runtimes compute wrongly, or not at all, in fp16."""

    model: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.model} must not be run in fp16 on ARM: {self.reason}"

    @property
    def hint(self) -> str:
        return "leave fp16 out of its recipe: quantized models compute in int8 and fp32"


def has_fp16(facts: DeviceFacts) -> bool:
    """Whether the CPU computes in fp16; an ARM CPU that does not tell is taken to."""
    if not (facts.abi or "").startswith("arm64"):
        return False
    return not facts.cpu_features or "asimdhp" in facts.cpu_features


def check(name: str, model: Path) -> None:
    """Refuse a model that must not be run in fp16. Raises WrongInHalf."""
    from pipeline.inspect.look import look

    kinds = {operator.quantization for operator in look(model).operators}
    for kind, reason in _FAILS.items():
        if kind in kinds:
            raise WrongInHalf(name, reason)
