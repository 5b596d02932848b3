"""Checkpoints of small networks, written once; exports run two at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.stages.checkpoint.export import ExportRequest, InputSpec

USER = Path(__file__).parent / "user"
ROOT = Path(__file__).parents[2]
SHAPES = {
    "Residual": ((1, 3, 16, 16),),
    "Mobile": ((1, 8, 16, 16),),
    "TwoInputs": ((1, 2), (1, 4)),
    "Attention": ((1, 5, 8),),
    "Dense": ((1, 4),),
}


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    done = subprocess.run(
        [sys.executable, str(USER / "write_checkpoints.py"), str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    (folder / "text.ckpt").write_text("conv1.weight: 0.25\n" * 40)
    (folder / "empty.ckpt").write_bytes(b"")
    whole = (folder / "Residual.ckpt").read_bytes()
    (folder / "cut.ckpt").write_bytes(whole[: len(whole) // 2])
    damaged = bytearray(whole)
    damaged[10:60] = bytes(50)
    (folder / "damaged.ckpt").write_bytes(damaged)
    (folder / "torch.ckpt").write_bytes(b"PK\x03\x04" + bytes(100))
    return folder


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, ...]]:
    folder = tmp_path_factory.mktemp("samples")

    def write(shapes: tuple[tuple[int, ...], ...], count: int = 9) -> tuple[Path, ...]:
        paths = []
        for number, shape in enumerate(shapes):
            path = folder / f"{'x'.join(map(str, shape))}_{count}_{number}.npy"
            random = np.random.default_rng(len(shape) + number)
            if not path.exists():
                np.save(path, random.normal(size=(count, *shape[1:])).astype(np.float32))
            paths.append(path)
        return tuple(paths)

    return write


@pytest.fixture(scope="session")
def request_for(checkpoints: Path, samples: Callable[..., tuple[Path, ...]]):
    """A request for one of the networks of ``user/nets.py``; keywords replace its parts."""

    def build(network: str, **replaced: object) -> ExportRequest:
        shapes = SHAPES.get(network, SHAPES["Dense"])
        checkpoint = checkpoints / f"{network if network in SHAPES else 'Dense'}.ckpt"
        names = [f"in{number}" for number in range(len(shapes))]
        parts: dict[str, object] = {
            "factory": f"nets:{network}",
            "arguments": {},
            "checkpoint": checkpoint,
            "python_path": (USER,),
            "inputs": tuple(
                InputSpec(name, shape, "float32") for name, shape in zip(names, shapes, strict=True)
            ),
            "samples": samples(shapes),
        }
        return ExportRequest(**{**parts, **replaced})  # type: ignore[arg-type]

    return build
