"""The user's data: fetched in a child process, checked, kept; and what is wrong with it, told."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.config.data import Preprocess, Source
from pipeline.core.errors import LocalDiskFull, PipelineError
from pipeline.core.files import sha256_file
from pipeline.data import arrays, dataset
from pipeline.data.errors import (
    DataFunctionFailed,
    DataFunctionNotFound,
    DataInvalid,
    ImageSizesDiffer,
    ImageTooSmall,
    ImageUnusable,
    InputNamesDiffer,
)

Fetch = Callable[..., Mapping[str, Any]]


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    """``fetch(body)`` runs ``users_data:get`` with that body in a child; other sources by name."""

    def call(body: str = "", **source: Any) -> Mapping[str, Any]:
        module = f"import numpy as np\n\n\ndef get():\n{_indented(body)}\n"
        (tmp_path / "users_data.py").write_text(module)
        (tmp_path / "out").mkdir(exist_ok=True)
        return dataset.fetch(
            Source(**(source or {"function": "users_data:get"})),
            (tmp_path,),
            tmp_path / "out",
            tmp_path / "logs" / "data.log",
        )

    return call


def _indented(body: str) -> str:
    return "\n".join(f"    {line}" for line in (body or "pass").splitlines())


def _arrays(folder: Path, facts: Mapping[str, Any]) -> list[Any]:
    return [np.load(folder / name) for name in facts["inputs"]]


def test_inputs_and_labels_are_kept_as_they_are(fetch, tmp_path):
    facts = fetch("return np.arange(12, dtype='f4').reshape(3, 1, 2, 2), [2, 0, 1]")
    (inputs,) = _arrays(tmp_path / "out", facts)
    assert inputs.dtype == np.float32
    assert inputs.tolist() == np.arange(12).reshape(3, 1, 2, 2).tolist()
    labels = np.load(tmp_path / "out" / facts["labels"])
    assert (labels.dtype, labels.tolist()) == (np.int64, [2, 0, 1])
    assert facts["count"] == 3
    assert facts["sample_shapes"] == [[1, 2, 2]]
    assert facts["classes"] == 3


def test_several_inputs_of_several_types_are_kept(fetch, tmp_path):
    facts = fetch("return (np.ones((4, 2)), np.zeros((4, 3, 3), 'u1'), np.ones(4, bool)), None")
    assert [(a.shape, a.dtype.name) for a in _arrays(tmp_path / "out", facts)] == [
        ((4, 2), "float64"),
        ((4, 3, 3), "uint8"),
        ((4,), "bool"),
    ]
    assert facts["labels"] is None
    assert facts["classes"] is None


def test_an_array_that_lies_otherwise_in_memory_is_kept_right(fetch, tmp_path):
    facts = fetch("return np.arange(24).reshape(2, 3, 4).transpose(0, 2, 1)[::-1], None")
    expected = np.arange(24).reshape(2, 3, 4).transpose(0, 2, 1)[::-1]
    assert (_arrays(tmp_path / "out", facts)[0] == expected).all()


def test_kept_arrays_can_be_mapped(fetch, tmp_path):
    facts = fetch("return np.ones((2, 5), 'f2'), [0, 1]")
    mapped = np.load(tmp_path / "out" / facts["inputs"][0], mmap_mode="r")
    assert (mapped.shape, mapped.dtype) == ((2, 5), np.float16)


def test_a_data_set_is_known_by_its_content(fetch, tmp_path):
    source = Source(function="users_data:get")
    digests = set()
    for body in ("np.ones((2, 1)), [0, 1]", "np.ones((2, 1)), [1, 0]", "np.zeros((2, 1)), [0, 1]"):
        found = dataset.from_facts(source, tmp_path / "out", fetch(f"return {body}"))
        assert (found.count, found.source, found.sample_shapes) == (2, "users_data:get", ((1,),))
        digests.add(found.digest)
    assert len(digests) == 3


def test_the_users_modules_are_dependencies(fetch, tmp_path):
    (tmp_path / "helper.py").write_text("VALUE = 1\n")
    facts = fetch("import helper\nreturn np.ones((2, 1)), None")
    assert facts["dependencies"] == {
        str(tmp_path / name): sha256_file(tmp_path / name)
        for name in ("helper.py", "users_data.py")
    }


def test_what_the_function_prints_is_in_the_log(fetch, tmp_path):
    fetch("print('reading')\nreturn np.ones((2, 1)), None")
    assert "reading" in (tmp_path / "logs" / "data.log").read_text()


HERE = r"users_data\.py:"

FAILURES = {
    "raising": ("x = 1\nraise OSError('no such share')", rf"{HERE}6: OSError: no such share"),
    "raising deep in numpy": ("return np.zeros((2, 'x')), None", rf"{HERE}5: TypeError"),
    "sys.exit": ("import sys\nsys.exit('enough')", rf"{HERE}6: SystemExit: enough"),
    "os._exit": ("import os\nos._exit(0)", "an unknown place: its process ended with code 0"),
    "a crash": ("import os\nos.kill(os.getpid(), 11)", "its process was ended by SIGSEGV"),
    "Ctrl-C of its own": ("raise KeyboardInterrupt", "its process ended with code 1|SIGINT"),
    "recursion without end": ("def f(): return f()\nf()", "RecursionError"),
    "an error of many lines": ("raise ValueError('a\\nb\\n\\tc')", "ValueError: a b c"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "text"), FAILURES.values(), ids=FAILURES)
def test_a_function_that_fails_is_told_with_its_line(fetch, tmp_path, body, text):
    with pytest.raises(DataFunctionFailed, match=text) as caught:
        fetch(body)
    assert str(tmp_path / "logs" / "data.log") in caught.value.hint
    assert (tmp_path / "logs" / "data.log").is_file()


def test_a_function_that_hangs_is_ended(fetch, monkeypatch):
    monkeypatch.setattr(dataset, "_DEADLINE_S", 1.0)
    with pytest.raises(DataFunctionFailed, match="its process was not done after 1"):
        fetch("import time\ntime.sleep(60)")


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("users_data:got", "has no `got`; did you mean `get`?"),
        ("nothing_here:get", "there is no module `nothing_here` in"),
        ("users_data:np", "is a module, not a function"),
    ],
)
def test_a_function_that_is_not_there_is_told(fetch, function, text):
    with pytest.raises(DataFunctionNotFound) as caught:
        fetch(function=function)
    assert text in str(caught.value)


def test_a_module_that_does_not_compile_is_blamed(fetch, tmp_path):
    (tmp_path / "broken.py").write_text("def get(:\n")
    with pytest.raises(DataFunctionFailed, match=r"broken\.py:1: SyntaxError"):
        fetch(function="broken:get")


UNUSABLE = {
    "nothing": (None, "a NoneType where a pair"),
    "one array": (np.ones((2, 1)), "a ndarray where a pair"),
    "a list of two": ([np.ones((2, 1)), None], "a list where a pair"),
    "three things": ((1, 2, 3), "a tuple where a pair"),
    "no samples": ((np.ones((0, 3)), None), "no samples"),
    "samples of nothing": ((np.ones((3, 0)), None), "no samples"),
    "no array": ((5, None), "no samples"),
    "no inputs": (((), None), "no samples"),
    "other counts": (((np.ones((2, 1)), np.ones((3, 1))), None), "different sample counts"),
    "NaN": ((np.array([[1.0], [np.nan]]), None), "input 0 holds NaN or infinity"),
    "infinity": (((np.ones(1), np.array([np.inf], "f2")), None), "input 1 holds NaN or infinity"),
    "texts": ((np.array(["a", "b"]), None), "elements of type <U1"),
    "objects": ((np.array([{}, {}]), None), "elements of type object"),
    "complex numbers": ((np.ones(2, complex), None), "elements of type complex128"),
    "times": ((np.array(["2001-01-01"], "M8[D]"), None), r"elements of type datetime64\[D\]"),
    "rows of several lengths": ((([[1, 2], [3]],), None), "not an array"),
    "too few labels": ((np.ones((2, 1)), [0]), r"labels of shape \[1\] for 2 samples"),
    "labels by class": ((np.ones((2, 1)), np.eye(2, dtype=int)), r"labels of shape \[2, 2\]"),
    "labels with fractions": ((np.ones((2, 1)), [0.0, 1.0]), "whole numbers from 0"),
    "labels below zero": ((np.ones((2, 1)), [0, -1]), "whole numbers from 0"),
    "labels beyond all measure": ((np.ones(1), np.array([2**63], "u8")), "whole numbers from 0"),
    "labels that are texts": ((np.ones((2, 1)), ["a", "b"]), "whole numbers from 0"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), UNUSABLE.values(), ids=UNUSABLE)
def test_data_of_no_use_is_refused_with_the_reason(value, text):
    with pytest.raises(arrays.Unusable, match=text):
        arrays.checked(value)


@pytest.mark.parametrize("body", ["return np.ones((0, 3)), None", "return None"])
def test_data_of_no_use_ends_with_the_code_for_no_data(fetch, body):
    with pytest.raises(DataInvalid, match="the data of users_data:get cannot be used") as caught:
        fetch(body)
    assert caught.value.exit_code == 5


def test_an_npz_is_read(fetch, tmp_path):
    np.savez(tmp_path / "set.npz", inputs=np.ones((3, 2), "f4"), labels=np.array([0, 1, 0]))
    facts = fetch(file=tmp_path / "set.npz")
    assert (facts["count"], facts["labels"], facts["dependencies"]) == (3, "labels.npy", {})


def test_numbered_inputs_of_an_npz_come_in_their_order(tmp_path):
    np.savez_compressed(
        tmp_path / "set.npz", **{f"input_{n}": np.full((2, 1), n) for n in (10, 2, 0, 1)}, other=1
    )
    found = arrays.read(tmp_path / "set.npz", None)
    assert [int(each[0, 0]) for each in found.inputs] == [0, 1, 2, 10]
    assert (found.labels, found.names) == (None, ())


def test_arrays_with_names_take_the_networks_order(fetch, tmp_path):
    source = Source(file=tmp_path / "set.npz")
    np.savez(source.file, b=np.ones((3, 2)), labels=[0, 1, 0], a=np.zeros((3, 5, 1), "u1"))
    found = dataset.from_facts(source, tmp_path / "out", fetch(file=source.file))
    assert (found.input_names, found.count) == (("b", "a"), 3)
    assert np.load(found.labels).tolist() == [0, 1, 0]
    turned, same = found.ordered(["a", "b"]), found.ordered(["b", "a"])
    assert turned.sample_shapes == ((5, 1), (2,))
    assert [np.load(path).dtype.name for path in turned.inputs] == ["uint8", "float64"]
    assert (same.inputs, same.sample_shapes) == (found.inputs, found.sample_shapes)
    assert len({found.digest, turned.digest, same.digest}) == 3
    assert turned.ordered(["p", "q"]) == turned  # it is in order from now on


@pytest.mark.parametrize("names", [["a"], ["a", "c"], ["a", "b", "c"], ["a", "a"], []])
def test_arrays_of_other_names_than_the_networks_inputs_are_refused(fetch, tmp_path, names):
    source = Source(file=tmp_path / "set.npz")
    np.savez(source.file, b=np.ones((3, 2)), a=np.zeros(3))
    found = dataset.from_facts(source, tmp_path / "out", fetch(file=source.file))
    with pytest.raises(InputNamesDiffer, match=r"set\.npz has arrays for b, a; the") as caught:
        found.ordered(names)
    assert caught.value.exit_code == 2


def test_names_are_part_of_what_a_set_is(fetch, tmp_path):
    digests = set()
    for name in ("a", "b"):
        source = Source(file=tmp_path / "set.npz")
        np.savez(source.file, **{name: np.ones((3, 2))})
        digests.add(dataset.from_facts(source, tmp_path / "out", fetch(file=source.file)).digest)
    assert len(digests) == 2


def test_an_npy_is_read_with_the_labels_beside_it(fetch, tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6, dtype="f4").reshape(3, 2))
    np.save(tmp_path / "y.npy", np.array([2, 0, 1], "u1"))
    facts = fetch(file=tmp_path / "x.npy", labels=tmp_path / "y.npy")
    assert _arrays(tmp_path / "out", facts)[0].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert np.load(tmp_path / "out" / facts["labels"]).tolist() == [2, 0, 1]
    assert fetch(file=tmp_path / "x.npy")["labels"] is None


BAD_NPY = {
    "labels of another count": (np.arange(2), r"labels of shape \[2\] for 3 samples"),
    "labels with fractions": (np.ones(3), "labels must be whole numbers"),
    "labels by class": (np.eye(3, dtype=int), r"labels of shape \[3, 3\]"),
}


@pytest.mark.parametrize(("labels", "text"), BAD_NPY.values(), ids=BAD_NPY)
def test_labels_that_do_not_fit_an_npy_are_refused(fetch, tmp_path, labels, text):
    np.save(tmp_path / "x.npy", np.ones((3, 2)))
    np.save(tmp_path / "y.npy", labels)
    with pytest.raises(DataInvalid, match=text):
        fetch(file=tmp_path / "x.npy", labels=tmp_path / "y.npy")


def test_a_damaged_file_of_labels_is_named(fetch, tmp_path):
    np.save(tmp_path / "x.npy", np.ones((3, 2)))
    (tmp_path / "y.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DataInvalid, match=r"y\.npy is not an \.npz or \.npy"):
        fetch(file=tmp_path / "x.npy", labels=tmp_path / "y.npy")


def test_an_npz_by_another_name_brings_its_own_labels(fetch, tmp_path):
    np.savez(tmp_path / "x.npz", inputs=np.ones((3, 2)))
    (tmp_path / "x.npz").rename(tmp_path / "x.npy")
    np.save(tmp_path / "y.npy", np.arange(3))
    with pytest.raises(DataInvalid, match="it holds several arrays"):
        fetch(file=tmp_path / "x.npy", labels=tmp_path / "y.npy")


@pytest.mark.parametrize("kind", ["file", "function"])
def test_a_limit_is_balanced_over_the_classes(fetch, tmp_path, kind):
    labels = [0] * 20 + [1] * 20 + [2] * 20
    if kind == "file":
        np.savez(tmp_path / "set.npz", inputs=np.arange(60.0), labels=labels)
        facts = fetch(file=tmp_path / "set.npz", limit=6)
    else:
        body = f"return np.arange(60.0), {labels}"
        facts = fetch(body, function="users_data:get", limit=6)
    (inputs,) = _arrays(tmp_path / "out", facts)
    assert sorted(inputs // 20) == [0, 0, 1, 1, 2, 2]
    assert np.load(tmp_path / "out" / "labels.npy").tolist() == (inputs // 20).tolist()


def test_a_generator_is_read_to_its_limit(fetch, tmp_path):
    body = "n = 0\nwhile True:\n    yield np.full((1, 2), n, 'f4'), n % 3\n    n += 1"
    facts = fetch(body, function="users_data:get", limit=5)
    assert _arrays(tmp_path / "out", facts)[0][:, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert np.load(tmp_path / "out" / "labels.npy").tolist() == [0, 1, 2, 0, 1]


def test_what_an_iterable_raises_is_told_with_its_line(fetch):
    with pytest.raises(DataFunctionFailed, match=r"users_data\.py:6: OSError: no such share"):
        fetch("yield np.ones(2), 0\nraise OSError('no such share')")


def test_samples_of_an_iterable_that_are_unlike_are_told(fetch):
    with pytest.raises(DataInvalid, match=r"get cannot be used: sample 1 is float64 \[3\]"):
        fetch("yield np.ones(2), 0\nyield np.ones(3), 0")


MINDSPORE = """
import mindspore.dataset as ds
x = np.arange(40, dtype='f4').reshape(20, 2)
columns = {'image': x, 'label': np.arange(20, dtype='i4')}
return ds.NumpySlicesDataset(columns, shuffle=True)"""


@pytest.mark.parametrize("batch", ["", ".batch(8)"])
def test_a_mindspore_dataset_is_read_whole_and_in_the_same_order_each_time(fetch, tmp_path, batch):
    pytest.importorskip("mindspore")
    orders = []
    for _ in range(2):
        facts = fetch(MINDSPORE.strip() + batch)
        (inputs,), labels = _arrays(tmp_path / "out", facts), np.load(tmp_path / "out/labels.npy")
        assert (inputs.dtype, inputs.shape) == (np.float32, (20, 2))
        assert (inputs[:, 0] / 2).tolist() == labels.tolist()
        assert sorted(labels) == list(range(20))
        orders.append(labels.tolist())
    assert orders[0] == orders[1] != sorted(orders[0])


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Six images of one colour each, in two folders."""
    for number in range(6):
        path = tmp_path / "set" / "ba"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 4), (number, 0, 255)).save(path)
    return tmp_path / "set"


def test_images_become_arrays(fetch, tmp_path, pictures):
    how = {"scale": "1/255", "center_crop": 2}
    source = Source(images=pictures, labels="by_folder", preprocess=Preprocess(**how))
    facts = fetch(images=pictures, labels="by_folder", preprocess=how)
    found = dataset.from_facts(source, tmp_path / "out", facts)
    assert (found.count, found.sample_shapes, found.source) == (6, ((3, 2, 2),), str(pictures))
    (inputs,) = (np.load(path, mmap_mode="r") for path in found.inputs)
    assert inputs[:, 0, 0, 0] * 255 == pytest.approx([1, 3, 5, 0, 2, 4], abs=1e-4)
    assert (inputs[:, 2] == 1).all()
    assert np.load(found.labels).tolist() == [0, 0, 0, 1, 1, 1]
    assert facts["class_names"] == ["a", "b"]
    assert found.names_of([0, 4]) == ["a/1.png", "b/2.png"]


def test_images_without_labels_and_preprocessing_are_levels(fetch, tmp_path, pictures):
    facts = fetch(images=pictures, limit=4)
    (inputs,) = _arrays(tmp_path / "out", facts)
    assert (inputs.shape, inputs.max(), facts["labels"]) == ((4, 3, 4, 6), 255, None)


def test_arrays_have_numbers_for_names(fetch, tmp_path):
    facts = fetch("return np.ones((2, 1)), None")
    found = dataset.from_facts(Source(function="users_data:get"), tmp_path / "out", facts)
    assert found.names_of([1, 0]) == [1, 0]


def _spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:45])


def _enlarge(path: Path) -> None:
    Image.new("RGB", (7, 4)).save(path)


IMAGE_ERRORS = {
    "a bad image": (ImageUnusable, _spoil, {}, r"set/b/2\.png cannot be used"),
    "a small image": (ImageTooSmall, _spoil, {"center_crop": 5}, r"a/1\.png is 4 x 6, and 5 x 5"),
    "another size": (ImageSizesDiffer, _enlarge, {}, r"b/2\.png is \[3, 4, 7\], .* \[3, 4, 6\]"),
}


@pytest.mark.parametrize(
    ("error", "change", "how", "text"), IMAGE_ERRORS.values(), ids=IMAGE_ERRORS
)
def test_an_image_that_cannot_be_used_is_named(fetch, pictures, error, change, how, text):
    change(pictures / "b/2.png")
    with pytest.raises(error, match=text) as caught:
        fetch(images=pictures, labels="by_folder", preprocess=how)
    assert caught.value.exit_code == 5
    assert caught.value.path.is_relative_to(pictures)


def _truncated(path: Path) -> None:
    np.savez(path, inputs=np.ones((100, 100)))
    path.write_bytes(path.read_bytes()[:5000])


def _flipped(path: Path) -> None:
    np.savez_compressed(path, inputs=np.random.default_rng(0).random((100, 100)))
    content = bytearray(path.read_bytes())
    content[3000:3010] = bytes(10)
    path.write_bytes(content)


BAD_NPZ = {
    "pickled objects": (
        lambda path: np.savez(path, inputs=np.array([{}, {}])),
        "set.npz is not an .npz or",
    ),
    "a truncated file": (_truncated, "set.npz is not an .npz or"),
    "a damaged file": (_flipped, "set.npz is not an .npz or"),
    "an empty file": (lambda path: path.write_bytes(b""), "set.npz is not an .npz or"),
    "a text": (lambda path: path.write_text("1 2 3"), "set.npz is not an .npz or"),
    "labels alone": (lambda path: np.savez(path, labels=[1, 2]), "no array `inputs` among labels"),
    "no names": (lambda path: np.savez(path), "no array `inputs` among none"),
    "single numbers": (lambda path: np.savez(path, x=1, y=2), "no samples"),
    "inputs of other counts": (
        lambda path: np.savez(path, x=np.ones(2), y=np.ones(3)),
        "different sample counts",
    ),
}


@pytest.mark.parametrize(("make", "text"), BAD_NPZ.values(), ids=BAD_NPZ)
def test_a_file_that_is_no_npz_of_arrays_is_refused(tmp_path, make, text):
    path = tmp_path / "set.npz"
    make(path)
    with pytest.raises(arrays.Unusable, match=text):
        arrays.read(path, None)


def test_a_bad_npz_ends_with_the_code_for_no_data(fetch, tmp_path):
    _truncated(tmp_path / "set.npz")
    with pytest.raises(DataInvalid, match=r"cannot be used: set\.npz is not an \.npz") as caught:
        fetch(file=tmp_path / "set.npz")
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("what", ["inputs", "labels"])
def test_a_full_disk_is_told_as_such_and_not_blamed_on_the_user(fetch, tmp_path, what):
    count = 200_000 if what == "labels" else 100
    body = f"return np.ones(({count}, 1), 'f4'), np.zeros({count}, int)"
    if what == "inputs":
        body = "return np.ones((1000, 1000), 'f4'), None"
    # What a child may write is what we may: a limit a little above the first file.
    limit = 1_000_000
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(LocalDiskFull, match=r"out/(input_0|labels)\.npy"):
            fetch(body)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_process_that_died_of_a_full_disk_is_not_blamed_on_the_user_either(fetch):
    with pytest.raises(LocalDiskFull):
        fetch("import os\nprint('No space left on device', flush=True)\nos._exit(1)")


def test_no_scratch_file_stays(fetch, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    fetch("return np.ones((2, 1)), None")
    with pytest.raises(PipelineError):
        fetch("return None")
    assert os.listdir(scratch) == []
