"""Our own reading and writing of extended XYZ is ASE's, or leaves it to ASE."""

import gzip
import io
import re
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.io import read, write

from melt2crystal.errors import UserError
from melt2crystal.extended_xyz import parse, render
from melt2crystal.frames import read_frames, write_frames
from tests.helpers.checkout import REPOSITORY

FILES = sorted([*REPOSITORY.glob("data/labels/*.extxyz.gz"), *REPOSITORY.glob("tests/data/*.extxyz")])


def text_of(path: Path) -> str:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as handle:
        return handle.read()


def by_ase(text: str) -> list[Atoms]:
    return list(read(io.StringIO(text), index=":", format="extxyz"))


def written_by_ase(frames: list[Atoms]) -> str:
    text = io.StringIO()
    write(text, frames, format="extxyz")
    return text.getvalue()


def assert_same(ours: Atoms, theirs: Atoms) -> None:
    """Bit for bit, types and order of info included."""
    assert ours.arrays.keys() == theirs.arrays.keys()
    for name, array in theirs.arrays.items():
        assert ours.arrays[name].dtype == array.dtype and np.array_equal(ours.arrays[name], array)
    assert np.array_equal(ours.cell.array, theirs.cell.array) and np.array_equal(ours.pbc, theirs.pbc)
    assert list(ours.info.items()) == list(theirs.info.items())
    assert list(map(type, ours.info.values())) == list(map(type, theirs.info.values()))
    assert (ours.calc is None) == (theirs.calc is None)
    if theirs.calc is not None:
        assert ours.calc.results.keys() == theirs.calc.results.keys()
        for name, value in theirs.calc.results.items():
            assert type(ours.calc.results[name]) is type(value) and np.array_equal(ours.calc.results[name], value)


def labelled(**info: object) -> Atoms:
    atoms = Atoms("SiO2", positions=np.arange(9.0).reshape(3, 3) - 1e-9, cell=[3, 4.5, 1e-7], pbc=True, info=info)
    forces, stress = np.linspace(-1e3, 1e-9, 9).reshape(3, 3), np.arange(9.0).reshape(3, 3) / 7
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=forces, stress=stress + stress.T)
    return atoms


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_of_the_repository_are_read_and_written_as_ase_does(path: Path):
    text = text_of(path)
    theirs = by_ase(text)
    ours = parse(text)
    for one, other in zip(ours or read_frames(path), theirs, strict=True):
        assert_same(one, other)
    assert (render(theirs) or written_by_ase(theirs)) == written_by_ase(theirs)


def test_labels_and_melts_of_the_repository_are_of_the_plain_form():
    frames = parse(text_of(REPOSITORY / "data/labels/silica-pbe-melt.extxyz.gz"))
    assert frames and frames[0].calc and render(frames) == written_by_ase(frames)


WORDS = ["f12e45", "12", "-3", "1e5", "+1.5", "nan", "inf", "T", "F", "true", "TRUE", "tRue", "a/b:c-d", "1_0", "0x1"]
WORDS += ["99999999999999999999", "Infinity", ".5", "5.", "é"]


@pytest.mark.parametrize("word", WORDS)
def test_words_become_the_values_that_ase_makes_of_them(word):
    text = f'1\nLattice="1 0 0 0 2 0 0 0 3" Properties=species:S:1:pos:R:3 a={word} energy=1 pbc="T T T"\nSi 0 1 2\n'
    ours, theirs = parse(text), by_ase(text)
    assert ours is not None
    assert repr(ours[0].info) == repr(theirs[0].info)
    if word != "nan":
        assert_same(ours[0], theirs[0])


@pytest.mark.parametrize(
    "info",
    [
        {},
        {
            "a": 1,
            "b": 2.5,
            "c": "x/y",
            "d": True,
            "t": "two words 3",
            "e": np.float64(0.1),
            "f": np.int64(3),
            "g": np.float32(0.1),
        },
        {"n": float("nan"), "i": float("inf"), "z": -0.0, "small": 1e-300},
    ],
)
def test_plain_frames_are_written_and_read_as_ase_does(info):
    labelled_frame, bare = labelled(**info), labelled(**info)
    bare.calc = None
    text = render([labelled_frame, bare])
    assert text == written_by_ase([labelled_frame, bare])
    for ours, theirs in zip(parse(text), by_ase(text), strict=True):
        assert repr(ours.info) == repr(theirs.info)
        if "n" not in info:
            assert_same(ours, theirs)


def foreign() -> dict[str, Atoms]:
    charged, held, tagged = labelled(), labelled(), labelled()
    charged.set_initial_charges([1, 1, -2])
    held.set_constraint(FixAtoms([0]))
    tagged.calc.results["magmom"] = 1.0
    words = {"spaced": " a  b", "quoted": 'a"b', "empty": "", "listed": [1, 2], "array": np.arange(3), "comma": "a,b"}
    slab = labelled()
    slab.pbc = [True, True, False]
    molecule = Atoms("O2", positions=np.eye(3)[:2])
    frames = {"charged": charged, "held": held, "tagged": tagged, "slab": slab, "molecule": molecule}
    return {**frames, **{name: labelled(a=value) for name, value in words.items()}}


@pytest.mark.parametrize("name", foreign())
def test_what_is_not_plain_is_left_to_ase(name, tmp_path):
    frame = foreign()[name]
    text = written_by_ase([frame])
    assert render([frame]) in (None, text)
    assert parse(text) is None
    write_frames(tmp_path / "frames.extxyz", [frame])
    assert (tmp_path / "frames.extxyz").read_text() == text
    assert repr(read_frames(tmp_path / "frames.extxyz")[0].info) == repr(by_ase(text)[0].info)


PLAIN = '2\nLattice="1 0 0 0 2 0 0 0 3" Properties=species:S:1:pos:R:3 pbc="T T T"\nSi 0 1 2\nO 1 1 1\n'
BROKEN = {
    "a frame cut off": PLAIN.rsplit("\n", 2)[0],
    "a row cut off": PLAIN.rsplit(" ", 1)[0],
    "no number": PLAIN.replace("0 1 2", "0 1 x"),
    "no element": PLAIN.replace("O 1", "Qq 1"),
    "lower case": PLAIN.replace("O 1", "o 1"),
    "no count": PLAIN.replace("2\nL", "two\nL"),
    "a row too much": PLAIN + "O 1 1 1\n",
    "a lattice of eight": PLAIN.replace('0 3"', '"'),
    "another column": PLAIN.replace("pos:R:3", "pos:R:3:charge:R:1"),
    "a key without a value": PLAIN.replace("pbc=", "flag pbc="),
    "an escape": PLAIN.replace("pbc=", "a=b\\ c pbc="),
    "JSON": PLAIN.replace("pbc=", 'a="_JSON x" pbc='),
    "a list": PLAIN.replace("pbc=", 'a="1 2" pbc='),
    "an empty line between": PLAIN + "\n" + PLAIN,
    "vectors": PLAIN.replace(' pbc="T T T"', "") + "VEC1 1 0 0\n",
}


@pytest.mark.parametrize("what", BROKEN)
def test_texts_that_are_not_plain_are_left_to_ase(what):
    assert parse(BROKEN[what]) is None


def test_gzipped_and_empty_files(tmp_path):
    frame = labelled(a=1)
    write_frames(tmp_path / "a.extxyz.gz", [frame])
    assert gzip.decompress((tmp_path / "a.extxyz.gz").read_bytes()).decode() == written_by_ase([frame])
    assert len(read_frames(tmp_path / "a.extxyz.gz")) == 1
    write_frames(tmp_path / "b.extxyz", [])
    assert (tmp_path / "b.extxyz").read_bytes() == b"" and read_frames(tmp_path / "b.extxyz") == []


IDS = ["0001", "1e3", "1000.0", "EA 0 0", "T", "1_0", "x-1"]


@pytest.mark.parametrize("comment", ["", " magmom=1.0", ' listed="1 2"', " other='a b'"])
def test_names_are_texts_whoever_reads_them(comment, tmp_path):
    frames = [
        PLAIN.replace("pbc=", f'id="{name}" origin={k}e5 walk=0{k}{comment} n=007 pbc=') for k, name in enumerate(IDS)
    ]
    (tmp_path / "found.extxyz").write_text("".join(frames))
    found = read_frames(tmp_path / "found.extxyz")
    assert [atoms.info["id"] for atoms in found] == IDS
    assert [(atoms.info["origin"], atoms.info["walk"]) for atoms in found] == [(f"{k}e5", f"0{k}") for k in range(7)]
    assert [atoms.info["n"] for atoms in found] == [7] * 7
    write_frames(tmp_path / "again.extxyz", found)
    assert [atoms.info["id"] for atoms in read_frames(tmp_path / "again.extxyz")] == IDS


ONE = '3\nLattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3 {}pbc="T T T"\nSi 0 0 0\nO 1.6 0 0\nO 0 1.6 0\n'


@pytest.mark.parametrize("between", ["", "\n", "  \n\t\n", "\r\n", "\x0c\n"])
@pytest.mark.parametrize("info", ["", 'odd="[1, 2]" ', "'a'=1 "])  # plain ones, and those that ASE reads
def test_no_frame_is_lost_after_blank_lines(tmp_path, between, info):
    path = tmp_path / "frames.extxyz"
    for text in (between + ONE.format(info) + between + ONE.format(info) + between, 2 * (between + ONE.format(info))):
        path.write_text(text)
        assert [len(atoms) for atoms in read_frames(path)] == [3, 3]


@pytest.mark.parametrize(
    "twice",
    [
        "temperature_K=3000 temperature_K=4000 ",
        "energy=-1 energy=-2 ",
        "\"energy\"=-1 'energy'=-2 ",
        'Lattice="6 0 0 0 6 0 0 0 6" ',
        'pbc="F F F" ',
        "w={1 2} w=[1 3] ",
        "energy = -1 energy=-2 ",
    ],
)
def test_a_key_with_two_values_is_refused(tmp_path, twice):
    path = tmp_path / "frames.extxyz"
    path.write_text(ONE.format("") + ONE.format(twice))
    key = re.findall(r"(\w+)\W*=", twice)[-1]
    with pytest.raises(UserError, match=f"frame 1 gives {key} twice, .*: take the wrong one out"):
        read_frames(path)
    path.write_text(ONE.format("") + ONE.format('energy=-1 energy=-1 w="a=1 a=2" '))  # no contradiction
    assert len(read_frames(path)) == 2
