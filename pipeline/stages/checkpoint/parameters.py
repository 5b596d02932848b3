"""A checkpoint's parameters into a network: all of them, or an error that names each."""

from __future__ import annotations

import re
import tempfile
import traceback
from pathlib import Path
from typing import Any

from pipeline.stages.checkpoint import checkpoint_file
from pipeline.stages.checkpoint.errors import CheckpointMismatch, NotACheckpoint

#: What optimizers and training callbacks leave in checkpoints beside the network's parameters.
BOOKKEEPING = re.compile(
    r"(moments|moment1|moment2|accum|accumulation|vhat|stat|mean_square|mean_gradient)\..+"
    r"|global_step|learning_rate|weight_decay|momentum|beta1_power|beta2_power|loss_scale"
    r"|scale_sense|current_iterator_step|last_overflow_iterator_step|epoch_num|step_num"
)


def load(network: Any, checkpoint: Path, factory: str) -> tuple[str, ...]:
    """Load ``checkpoint`` into ``network``; returns the names of bookkeeping that were skipped.

    Raises ``NotACheckpoint``, and ``CheckpointMismatch`` with every parameter that is missing,
    left over, or of another shape or type. Left over does not count what ``BOOKKEEPING`` matches.
    """
    import mindspore

    found = read(checkpoint)
    wanted = {parameter.name: parameter for parameter in network.get_parameters()}
    extra = [name for name in found if name not in wanted]
    skipped = tuple(sorted(name for name in extra if BOOKKEEPING.fullmatch(name)))
    mismatch = CheckpointMismatch(
        checkpoint,
        factory,
        missing=tuple(name for name in wanted if name not in found),
        left_over=tuple(name for name in extra if name not in skipped),
        different=tuple(
            difference
            for name, parameter in wanted.items()
            if name in found and (difference := _difference(name, parameter, found[name]))
        ),
    )
    if mismatch.missing or mismatch.left_over or mismatch.different:
        raise mismatch
    mindspore.load_param_into_net(network, {name: found[name] for name in wanted}, strict_load=True)
    return skipped


def read(checkpoint: Path) -> dict[str, Any]:
    """The parameters in a checkpoint file, by name."""
    import mindspore

    checkpoint_file.check(checkpoint)
    form = "safetensors" if checkpoint.suffix == ".safetensors" else "ckpt"
    try:
        # MindSpore reads no file of another ending.
        with tempfile.TemporaryDirectory(prefix="pipeline-checkpoint-") as folder:
            link = Path(folder, f"network.{form}")
            link.symlink_to(checkpoint.absolute())
            found = mindspore.load_checkpoint(str(link), format=form)
    except Exception as error:
        traceback.print_exception(error)
        reason = "MindSpore cannot read it, its content is damaged"
        raise NotACheckpoint(checkpoint, reason) from error
    return dict(found)


def count(network: Any) -> int:
    """Elements of all parameters of ``network``."""
    return sum(int(parameter.size) for parameter in network.get_parameters())


def _difference(name: str, network: Any, checkpoint: Any) -> str:
    ours, theirs = _facts(network), _facts(checkpoint)
    if ours == theirs:
        return ""
    return f"{name} is {theirs} in the checkpoint and {ours} in the network"


def _facts(parameter: Any) -> str:
    return f"{str(parameter.dtype).lower()} {list(parameter.shape)}"
