"""Configurations of nights."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import places
from pipeline.config.errors import ConfigInvalid, NameUnknown
from pipeline.core.errors import FileMissing

ROOT = Path(__file__).parents[2]
NIGHT = ROOT / "configs" / "nightly.yaml"


def write(folder: Path, text: str) -> Path:
    path = folder / "night.yaml"
    path.write_text(text.replace("DIGITS", str(ROOT / "examples" / "digits" / "deploy.yaml")))
    return path


def test_the_shipped_night_is_valid() -> None:
    loaded = places.nightly(NIGHT)
    assert [model.deployment.name for model in loaded.models] == ["digits"]
    assert set(loaded.profiles) == {one.called for one in loaded.night.devices}


def test_a_device_is_its_profiles_name_or_more(tmp_path: Path) -> None:
    night = places.nightly(
        write(
            tmp_path,
            "models: [DIGITS]\n"
            "devices: [phone, {profile: phone, name: old, target: ABC, emulate: false}]\n",
        )
    )
    assert [one.called for one in night.night.devices] == ["phone", "old"]
    assert night.night.devices[1].emulate is False
    assert night.models[0].deployment.name == "digits"
    assert len(night.models[0].recipes) == 5  # the model's own


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("devices: [phone]\n", ConfigInvalid, "models"),
        ("models: []\ndevices: [phone]\n", ConfigInvalid, "models"),
        ("models: [DIGITS]\ndevices: []\n", ConfigInvalid, "devices"),
        ("models: [DIGITS]\ndevices: [phone, phone]\n", ConfigInvalid, "two devices"),
        ("models: [DIGITS]\ndevices: [fone]\n", NameUnknown, "fone"),
        ("models: [DIGITS]\nrecipes: [fp33]\ndevices: [phone]\n", NameUnknown, "fp33"),
        ("models: [none.yaml]\ndevices: [phone]\n", FileMissing, "none.yaml"),
        ("models: [DIGITS]\ndevices: [phone]\nskp: []\n", ConfigInvalid, "skp"),
        ("models: [DIGITS]\ndevices: [phone]\nskip: [{model: x}]\n", ConfigInvalid, "reason"),
        (
            "models: [DIGITS]\ndevices: [phone]\nquarantine: [{model: x, reason: y, owner: z}]\n",
            ConfigInvalid,
            "until",
        ),
        (
            "models: [DIGITS]\ndevices: [phone]\nquarantine: [{until: x, reason: y, owner: z}]\n",
            ConfigInvalid,
            "until",
        ),
        ("models: [DIGITS]\ndevices: [phone]\nname: a/b\n", ConfigInvalid, "name"),
    ],
)
def test_what_cannot_be_a_night_is_refused(
    tmp_path: Path, text: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        places.nightly(write(tmp_path, text))
