"""What a study says of files of frames is refused in the plan, on one line, with file, frame and key."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from melt2crystal.engines.base import Label, settings_digest
from melt2crystal.engines.registry import reference_engine
from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames
from melt2crystal.label.store import labelled
from melt2crystal.study.load import load_study
from tests.helpers.checkout import REPOSITORY
from tests.helpers.counting_engine import frames


@pytest.fixture
def root(tmp_path):
    for folder in ("config", "data/polymorphs", "data/potentials"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    return tmp_path


def lines(root: Path, text: str) -> list[str]:
    """Lines of the complaint; none if the study is right."""
    (root / "config/studies/mine.yaml").write_text(text)
    try:
        load_study({"study": "mine", "results": "results"}, root, check_files=True)
    except UserError as error:
        return str(error).splitlines()
    return []


def one(root: Path, text: str, *parts: str) -> None:
    said = lines(root, text)
    assert any(all(part in line for part in parts) for line in said), said


MELTS = "liquid: {frames: [melts.extxyz]}\n"
KNOWN = "benchmark: {vdos: {reference: false}}\nlabel: {known: [labels.extxyz]}\n"
FOUND = "search: {found: found.extxyz, pressures_GPa: [0.0, 10.0]}\nlabel: {known: [found.extxyz]}\n"


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("", "", ""),
        ("temperature_K=", "T=", "does not say temperature_K"),
        ("temperature_K=", "temperature_K=x", "which is no number"),
        ('pbc="T T T"', 'pbc="T T F"', 'says pbc="T T F"'),
    ],
)
def test_melts(root, old, new, said):
    text = (REPOSITORY / "tests/data/melts.extxyz").read_text()
    assert old in text
    (root / "melts.extxyz").write_text(text.replace(old, new) if old else text)
    if said:
        one(root, MELTS, "liquid.frames[0]", "melts.extxyz: ", "frames can't be used", said, "the first is frame 0")
    else:
        assert not any("can't be used" in line for line in lines(root, MELTS))


@pytest.mark.parametrize("name", ["x" * 300 + ".extxyz", "a/" * 2100 + "x.extxyz", "ö" * 130 + ".extxyz"])
def test_names_that_no_file_can_have(root, name):
    for key in ("label: {known: [%s]}", "liquid: {frames: [%s]}", "label: {compute: false, known: [%s]}"):
        one(root, key % name + "\n", "bytes, where file systems take at most")
    one(root, f"search: {{found: {name}}}\n", "search.found", "bytes, where file systems take at most")
    one(root, f"release: {{hp: {{given: {name}}}}}\n", "release.hp.given", "bytes, where file systems take at most")


def test_a_folder_is_no_file(root):
    (root / "work.extxyz").mkdir()
    one(root, "label: {known: [work.extxyz]}\n", "label.known[0]", "work.extxyz is a folder")


def labels(root: Path, **changes) -> None:
    given = [
        labelled(frame, Label("ok", "", -1.0, np.zeros((6, 3)), np.zeros((3, 3))), "s" + "0" * 15)
        for frame in frames(3)
    ]
    for name, value in changes.items():
        if name == "settings_digest":
            for atoms in given:
                del atoms.info[name]
        elif value is None:
            del given[1].calc.results[name]
        else:
            given[1].calc.results[name] = value
    write(root / "labels.extxyz", given, format="extxyz")


@pytest.mark.parametrize(
    "changes, said",
    [
        ({}, ""),
        ({"stress": None}, "frame 1 has no stress"),
        ({"energy": float("nan")}, "frame 1 says energy=nan"),
        ({"free_energy": -1.1}, "frame 1 says an energy and a free_energy -16.7 meV/atom apart"),
        ({"settings_digest": None}, "none of its 3 frames says settings_digest"),
    ],
)
def test_known_labels(root, changes, said):
    labels(root, **changes)
    for _ in range(2):  # what is right is remembered, what is wrong is not
        if said:
            one(root, KNOWN, "label.known[0]", "labels.extxyz: ", said)
        else:
            assert lines(root, KNOWN) == []


@pytest.mark.parametrize("written", ["as it is", "wrapped", "in another order"])
@pytest.mark.parametrize("where", ["one file", "two files", "file and reference.labels"])
def test_two_labels_of_one_frame_are_refused_in_the_plan(root, where, written):
    digest = settings_digest(reference_engine(load_study({"study": "released"}, root).reference, ["Si", "O"]))
    text = "extends: released\nlabel: {known: [%s]}\n"
    if where == "file and reference.labels":
        text = (
            "reference: {engine: given, name: x, code: ABINIT, labels: [b.extxyz]}\nlabel: {known: [%s]}\n"
            "select: {max_iterations: 0}\nsearch: {enabled: false}\n"
            "benchmark: {energy_volume: {structures: experimental}, vdos: {reference: false}}\n"
        )
        given = {"engine": "given", "name": "x", "code": "ABINIT", "labels": ["b.extxyz"]}
        digest = settings_digest(reference_engine(given, ["Si", "O"]))

    def file(name, *energies, of=digest):
        label = [Label("ok", "", energy, np.zeros((6, 3)), np.zeros((3, 3))) for energy in energies]
        found = [labelled(frames(1)[0], one, of) for one in label]
        if written == "wrapped":
            found[-1].positions[0] += found[-1].cell[1]
        elif written == "in another order":
            found[-1], results = found[-1][::-1], found[-1].calc.results
            found[-1].calc = SinglePointCalculator(found[-1], **results)
        for one in found:
            one.info.pop("frame_id", None)
        write(root / name, found[::-1] if name == "b.extxyz" else found, format="extxyz")

    known = "a.extxyz, b.extxyz" if where == "two files" else "a.extxyz"
    for apart in (0.0, 1.0):
        file("a.extxyz", *((-1.0, -1.0 - apart) if where == "one file" else (-1.0,)))
        if where != "one file":  # the other file has it as it was
            write(
                root / "a.extxyz",
                labelled(frames(1)[0], Label("ok", "", -1.0, np.zeros((6, 3)), np.zeros((3, 3))), digest),
            )
        file("b.extxyz", -1.0 - apart)
        said = [line for line in lines(root, text % known) if "has another label in" in line]
        assert len(said) == (apart > 0), said
        assert all("energies 167 meV/atom" in line and "take the wrong one out" in line for line in said)
    if where != "file and reference.labels":  # labels of another reference are not looked up
        file("a.extxyz", -1.0, -2.0, of="s" + "0" * 15)
        file("b.extxyz", -2.0)
        assert not any("has another label in" in line for line in lines(root, text % known))


@pytest.mark.parametrize(
    "names, said",
    [
        (["0001", "1e3", "1000.0", "EA 0 0"], ""),
        (["1", "01", "2", "02"], ""),
        (["1", "2", "1", "2"], "2 ids are there more than once: 1, 2"),
        (["EA1", "EA2", "EA1", "x"], "1 ids are there more than once: EA1"),
        (["NA", "nan", "null", "None"], ""),
        (["", "1", "2", "3"], "1 of 4 frames don't say split: found, id and pressure_GPa"),
        (["1", "2", " ", "3"], "frame 2 has an empty id"),
    ],
)
def test_found_structures_keep_their_ids(root, names, said):
    given = []
    for number, (frame, name) in enumerate(zip(frames(4), names, strict=True)):
        atoms = labelled(frame, Label("ok", "", -1.0, np.zeros((6, 3)), np.zeros((3, 3))), "s" + "0" * 15)
        given.append((atoms, name, 0.0 if number < 2 else 10.0))
    for atoms, name, pressure in given:
        atoms.info |= {"id": name, "pressure_GPa": pressure, "split": "found"}
    write(root / "found.extxyz", [atoms for atoms, _, _ in given], format="extxyz")
    if said:
        one(root, FOUND, "search.found", "found.extxyz", said)
    else:
        assert [atoms.info["id"] for atoms in read_frames(root / "found.extxyz")] == names
        assert not any("search.found" in line for line in lines(root, FOUND))


def test_labelled_structures_must_be_known_and_all_others_may_come_as_they_are(root):
    """A file that a search released is no foreign one, whatever else its frames lack; a folder that holds it is."""
    (root / "theirs").mkdir()
    study = "search: {found: %s}\n"
    one(root, study % "theirs", "mine.yaml:1", "search.found", "the folder theirs holds no file")
    one(root, study % "theirs.res", "search.found", "there is no file theirs.res")
    own = frames(2)
    write(root / "theirs/own.extxyz", own, format="extxyz")
    for name in ("theirs", "theirs/own.extxyz"):
        assert not any("search.found" in line for line in lines(root, study % name))
    for atoms in own:
        atoms.info |= {"split": "found"}
    write(root / "found.extxyz", own, format="extxyz")
    one(root, study % "found.extxyz", "mine.yaml:1", "search.found", "is not in label.known", "names too")
    nothing = "label: {compute: false}\nselect: {max_iterations: 0}\n"
    one(root, study % "theirs" + nothing, "search.enabled", "label.compute is false", "structures with labels")
