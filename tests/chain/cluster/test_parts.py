"""What a worker offers, which job takes what, and files by their hash."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from device.device import DeviceFacts
from device.hdc.messages import State
from device.targets import Target
from pipeline.chain.cluster.blobs import Blobs
from pipeline.chain.cluster.desk import Place, is_offered, place
from pipeline.chain.cluster.station import Offer, Station, need, offers, resources
from pipeline.chain.devices import Listed
from pipeline.chain.targets import Wish
from pipeline.config import places

PHONE = Wish(places.profile("phone"))


def station(*offered: Offer) -> Station:
    return Station(Path("w"), Path("hdc"), offered, "1")


def listed(key: str, *profiles: str, answers: bool = True) -> Listed:
    facts = DeviceFacts(key, "USB") if answers else None
    return Listed(Target(key, "USB", State.CONNECTED), facts, None, profiles)


def test_devices_are_offered_by_profile_and_by_key() -> None:
    found = offers([listed("a", "phone", "tablet"), listed("b", "phone")])
    assert resources(found, trials=2) == {
        "trials": 2.0,
        "device a": 1.0,
        "device b": 1.0,
        "profile phone": 2.0,
        "profile tablet": 1.0,
    }


def test_a_device_that_does_not_answer_or_fits_nothing_is_not_offered() -> None:
    assert offers([listed("a"), listed("b", "phone", answers=False)]) == ()
    assert offers([listed("a", "phone"), listed("b", "phone")], ["b"]) == (Offer("b", ("phone",)),)


def test_a_job_takes_a_device_of_its_kind_or_the_very_one() -> None:
    assert need(PHONE) == "profile phone"
    assert need(Wish(PHONE.profile, target="a")) == "device a"


ONE = {"device a": 1.0, "device b": 1.0, "profile phone": 1.0, "profile watch": 1.0}
TWO = {"device c": 1.0, "profile phone": 1.0, "profile tablet": 1.0}


@pytest.mark.parametrize(
    ("wanted", "taken", "goes_to"),
    [
        ("profile phone", [], "one"),  # which has more devices idle
        ("profile phone", [Place("one", "profile phone")], "two"),
        ("profile phone", [Place("one", "profile watch")], "one"),
        ("profile phone", [Place("one", "profile watch"), Place("two", "profile phone")], "one"),
        ("profile phone", [Place("one", "profile phone"), Place("two", "profile phone")], None),
        ("profile phone", [Place("one", "profile phone"), Place("two", "profile tablet")], None),
        ("profile watch", [Place("one", "profile watch")], None),
        ("device c", [], "two"),
        ("device x", [], None),
    ],
)
def test_a_job_goes_where_a_device_is_free(
    wanted: str, taken: list[Place], goes_to: str | None
) -> None:
    found = place(wanted, {"one": ONE, "two": TWO}, taken)
    assert found == (Place(goes_to, wanted) if goes_to else None)


def test_what_is_busy_is_offered_and_what_nobody_has_is_not() -> None:
    assert is_offered("profile watch", {"one": ONE}) and not is_offered("profile tv", {"one": ONE})
    assert not is_offered("profile watch", {})


def test_two_jobs_never_have_one_device() -> None:
    one = station(Offer("a", ("phone",)), Offer("b", ("phone", "tablet")))
    with one.device(PHONE) as first, one.device(PHONE) as second:
        assert {first.target, second.target} == {"a", "b"}
        assert first.hdc == Path("hdc") and first.emulate is None
        waiting, got = threading.Event(), threading.Event()

        def third() -> None:
            waiting.set()
            with one.device(PHONE):
                got.set()

        thread = threading.Thread(target=third)
        thread.start()
        assert waiting.wait(5) and not got.wait(0.2)
    assert got.wait(5)
    thread.join()


def test_a_device_is_free_again_after_a_failure() -> None:
    one = station(Offer("a", ("phone",)))
    with pytest.raises(KeyError), one.device(PHONE):
        raise KeyError
    with one.device(PHONE) as wish:
        assert wish.target == "a"


def test_a_file_is_what_its_name_says_or_not_there(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    data = b"model"
    digest = hashlib.sha256(data).hexdigest()
    assert blobs.lacking([digest, digest]) == (digest,)
    with pytest.raises(ValueError, match="damaged"):
        blobs.put({digest: b"other"})
    blobs.put({digest: data})
    assert blobs.lacking([digest]) == () and blobs.path(digest).read_bytes() == data
    with pytest.raises(ValueError, match="no SHA-256"):
        blobs.path("../" * 21 + "x")
