"""Frames: ids, extended XYZ, smallest distances."""

import gzip

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.neighborlist import neighbor_list

from melt2crystal.errors import UserError
from melt2crystal.frames import canonical_frame, frame_id, minimum_distances, read_frames, too_close, write_frames


def random_frame(seed: int = 0, atoms: int = 12) -> Atoms:
    generator = np.random.default_rng(seed)
    cell = 6 * np.eye(3) + generator.normal(scale=0.3, size=(3, 3))
    frame = Atoms("Si4O8" if atoms == 12 else f"Si{atoms}", positions=generator.normal(scale=5, size=(atoms, 3)))
    frame.set_cell(cell)
    frame.pbc = True
    return frame


@pytest.mark.parametrize("name", ["frames.extxyz", "frames.extxyz.gz"])
def test_a_frame_keeps_id_labels_and_info_through_a_file(tmp_path, name):
    frames = []
    for seed in range(3):
        frame = canonical_frame(random_frame(seed))
        frame.info.update(temperature_K=4000.0, origin=f"walk {seed}")
        results = {"energy": -100.123456789, "forces": np.full((12, 3), 0.12345678), "stress": np.arange(6) / 100}
        frame.calc = SinglePointCalculator(frame, **results)
        frames.append(frame)
    plain = tmp_path / "frames.extxyz"
    write_frames(plain, frames)
    if name.endswith(".gz"):
        (tmp_path / name).write_bytes(gzip.compress(plain.read_bytes()))
    for written, back in zip(frames, read_frames(tmp_path / name), strict=True):
        assert frame_id(back) == back.info["frame_id"] == written.info["frame_id"]
        assert canonical_frame(back).info["frame_id"] == written.info["frame_id"]
        assert (back.info["temperature_K"], back.info["origin"]) == (4000.0, written.info["origin"])
        assert back.get_potential_energy() == pytest.approx(-100.123456789, abs=1e-9)
        np.testing.assert_allclose(back.get_forces(), written.get_forces(), atol=1e-8)
        np.testing.assert_allclose(back.get_stress(), written.get_stress(), atol=1e-12)


def test_the_same_frames_make_the_same_bytes(tmp_path):
    frames = [canonical_frame(random_frame(seed)) for seed in range(3)]
    write_frames(tmp_path / "a.extxyz", frames)
    write_frames(tmp_path / "b.extxyz", read_frames(tmp_path / "a.extxyz"))
    assert (tmp_path / "a.extxyz").read_bytes() == (tmp_path / "b.extxyz").read_bytes()


def test_the_id_sees_positions_cell_and_species_and_nothing_else():
    frame = canonical_frame(random_frame())
    same, moved, strained, swapped = (frame.copy() for _ in range(4))
    same.info["temperature_K"] = 3000
    same.positions += 1e-10
    moved.positions[3, 1] += 1e-6
    strained.cell[0, 0] += 1e-6
    swapped.numbers[[0, 4]] = swapped.numbers[[4, 0]]
    assert canonical_frame(same).info["frame_id"] == frame.info["frame_id"]
    assert len({canonical_frame(other).info["frame_id"] for other in (frame, moved, strained, swapped)}) == 4


def test_minus_zero_is_zero():
    frame = bulk("Si")
    other = frame.copy()
    other.positions[0] = -0.0
    assert frame_id(other) == frame_id(frame)
    other.positions[0] = -1e-12
    assert frame_id(other) == frame_id(frame)


def test_an_empty_file_is_an_empty_list(tmp_path):
    write_frames(tmp_path / "none.extxyz", [])
    assert read_frames(tmp_path / "none.extxyz") == []


def test_unreadable_files_are_told_with_their_name(tmp_path):
    write_frames(tmp_path / "cut.extxyz", [random_frame()])
    text = (tmp_path / "cut.extxyz").read_text()
    (tmp_path / "cut.extxyz").write_text(text[: len(text) // 2])
    (tmp_path / "noise.extxyz").write_bytes(bytes(range(256)))
    (tmp_path / "fake.extxyz.gz").write_text("not gzip")
    for name in ("cut.extxyz", "noise.extxyz", "fake.extxyz.gz", "missing.extxyz"):
        with pytest.raises(UserError, match=name):
            read_frames(tmp_path / name)


@pytest.mark.parametrize("comment", ["", " magmom=0.0"])  # read by us, read by ASE
@pytest.mark.parametrize("name", ["frames.extxyz", "frames.extxyz.gz"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path, name, comment, line_end):
    frames = [canonical_frame(random_frame(seed)) for seed in range(2)]
    write_frames(tmp_path / "plain.extxyz", frames)
    content = (tmp_path / "plain.extxyz").read_text().replace(' pbc="', f'{comment} pbc="').encode()
    content = b"\xef\xbb\xbf" + content.replace(b"\n", line_end)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert [frame_id(atoms) for atoms in read_frames(tmp_path / name)] == [frame_id(atoms) for atoms in frames]


@pytest.mark.parametrize(
    "number, old, new, said",
    [
        (0, "12", "72000000000", "frame 0 says 72000000000 atoms, but 26 lines follow its comment"),
        (1, "12", "9" * 400, r"frame 1 says 9{20}\.\.\. \(400 digits\) atoms, but 12 lines follow"),
        (1, "12", "13", "frame 1 says 13 atoms, but 12 lines follow"),
        (0, "12", "-3", "frame 0 says -3 atoms"),
        (1, "pos:R:3", "pos:R:72000000000", "frame 1 says 72000000000 columns in Properties"),
    ],
)
def test_numbers_of_atoms_and_columns_that_cannot_be_are_told_at_once(tmp_path, number, old, new, said):
    """ASE counts up to them."""
    texts = []
    for seed in range(2):
        write_frames(tmp_path / "one.extxyz", [random_frame(seed)])
        texts.append((tmp_path / "one.extxyz").read_text())
    texts[number] = texts[number].replace(old, new, 1)
    (tmp_path / "sizes.extxyz").write_text("".join(texts))
    with pytest.raises(UserError, match=rf"sizes\.extxyz: not readable as extended XYZ: {said}"):
        read_frames(tmp_path / "sizes.extxyz")


def test_smallest_distances_of_a_known_crystal():
    """Rock salt, a = 5: nearest Na-Cl at a/2; Na-Na at a/sqrt(2) is beyond the 3 A that are looked at."""
    found = minimum_distances(bulk("NaCl", "rocksalt", a=5.0))
    assert found["Na-Cl"] == pytest.approx(2.5)
    assert found["Na-Na"] == found["Cl-Cl"] == 3.0


def test_periodic_images_count():
    lonely = Atoms("O", cell=[1.5, 9, 9], pbc=True)
    assert minimum_distances(lonely)["O-O"] == pytest.approx(1.5)


def test_too_close_names_the_pair_in_either_order():
    pair = Atoms("OSi", positions=[[0, 0, 0], [1.0, 0, 0]], cell=[9, 9, 9], pbc=True)
    assert too_close(pair, {"Si-O": 1.2}) == "Si-O distance 1.00 Å is below 1.2 Å"
    assert too_close(pair, {"O-Si": 0.9, "O-O": 2.0, "F-F": 1.0}) is None


def test_gzipped_frames_are_the_same_frames_and_the_same_bytes(tmp_path):
    frames = read_frames("data/labels/silica-pbe-melt.extxyz.gz")[:3]
    for name in ("a.extxyz.gz", "b.extxyz.gz", "c.extxyz"):
        write_frames(tmp_path / name, frames)
    packed, plain = (tmp_path / "a.extxyz.gz").read_bytes(), (tmp_path / "c.extxyz").read_bytes()
    assert packed == (tmp_path / "b.extxyz.gz").read_bytes() and gzip.decompress(packed) == plain
    for read, frame in zip(read_frames(tmp_path / "a.extxyz.gz"), frames, strict=True):
        assert frame_id(read) == frame.info["frame_id"]
        assert read.get_potential_energy() == frame.get_potential_energy()


def random_frames():
    """Skewed and small cells, with and without periods, and two atoms in one place."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        number = int(rng.integers(1, 12))
        cell = rng.normal(size=(3, 3)) * rng.uniform(1, 6) + 3 * np.eye(3)
        symbols, positions = rng.choice(["Si", "O"], number), 5 * rng.normal(size=(number, 3))
        yield Atoms(symbols, positions=positions, cell=cell, pbc=rng.integers(0, 2, 3).astype(bool))
    yield Atoms("O2", positions=np.zeros((2, 3)), cell=[5, 5, 5], pbc=True)
    yield Atoms("O2", positions=np.eye(3)[:2])


@pytest.mark.parametrize("atoms", list(random_frames()))
def test_minimum_distances_are_those_of_ase(atoms):
    first, second, distance = neighbor_list("ijd", atoms, 3.0)
    symbols = np.array(atoms.get_chemical_symbols())
    for pair, found in minimum_distances(atoms).items():
        a, b = pair.split("-")
        of_pair = distance[(symbols[first] == a) & (symbols[second] == b)]
        assert found == pytest.approx(of_pair.min(initial=3.0), abs=1e-9)
