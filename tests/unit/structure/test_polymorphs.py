"""The crystals in data/polymorphs are what they claim to be; broken files are named."""

from pathlib import Path

import numpy as np
import pytest
from ase.io import write

from melt2crystal.errors import UserError
from melt2crystal.frames import perpendicular_widths
from melt2crystal.structure.coordination import coordination_numbers
from melt2crystal.structure.crystals import (
    claim_mistakes,
    compact_supercell,
    conventional_cell,
    formula_units,
    primitive_cell,
    read_crystal,
    scaled_volume,
    space_group,
)

FOLDER = Path("data/polymorphs")
SILICA = {"Si": 1, "O": 2}
AROUND = ("Si", "O", 2.2)
# the table of data/polymorphs/README.md: space group, atoms (conventional, primitive), Å³ per SiO2, coordination
TABLE = {
    "alpha_quartz": (154, 9, 9, 37.71, 4),
    "beta_quartz": (180, 9, 9, 39.33, 4),
    "alpha_cristobalite": (92, 12, 12, 42.33, 4),
    "beta_cristobalite": (227, 24, 6, 46.00, 4),
    "beta_cristobalite_I42d": (122, 12, 6, 45.33, 4),
    "alpha_tridymite": (20, 24, 12, 45.37, 4),
    "alpha_tridymite_Cc": (9, 144, 72, 44.23, 4),
    "beta_tridymite": (194, 12, 12, 45.70, 4),
    "keatite": (96, 36, 36, 40.02, 4),
    "moganite": (15, 36, 18, 38.01, 4),
    "coesite": (15, 48, 24, 34.15, 4),
    "seifertite": (60, 12, 12, 23.23, 6),
    "stishovite": (136, 6, 6, 23.31, 6),
}


def test_every_file_is_in_the_table():
    assert {path.stem for path in FOLDER.glob("*.cif")} == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_files_are_what_they_claim(name):
    group, conventional, primitive, volume, coordination = TABLE[name]
    atoms = read_crystal(FOLDER / f"{name}.cif")
    small, large = primitive_cell(atoms), conventional_cell(atoms)
    assert claim_mistakes(FOLDER / f"{name}.cif", group, coordination, SILICA, *AROUND) == []
    assert (len(large), len(small)) == (conventional, primitive)
    assert {space_group(cell) for cell in (atoms, small, large)} == {group}
    for cell in (small, large):
        assert cell.get_volume() / formula_units(cell, SILICA) == pytest.approx(volume, abs=0.01)
        assert set(coordination_numbers(cell, *AROUND)) == {coordination}


def test_false_claims_are_told_one_by_one():
    path = FOLDER / "stishovite.cif"
    mistakes = claim_mistakes(path, 227, 4, SILICA, *AROUND)
    assert len(mistakes) == 2
    assert "stishovite.cif: has space group 136" in mistakes[0]
    assert "Si has 6 O neighbours" in mistakes[1]
    (composition,) = claim_mistakes(path, 136, 6, {"Ge": 1, "O": 2}, "Ge", "O", 2.2)
    assert "Si2O4" in composition or "O4Si2" in composition
    assert "Ge1O2" in composition


def broken_files() -> dict[str, str]:
    text = (FOLDER / "alpha_quartz.cif").read_text()
    return {
        "truncated": text[: text.index("_atom_site")],
        "no_cell": text.replace("_cell_length_a", "_cell_longth_a"),
        "letters": text.replace("_cell_length_a", "_cell_length_a  four #"),
        "not_a_number": text.replace(text.split("_cell_length_a")[1].split()[0], "nan", 1),
        "empty": "",
        "noise": "\x00\x01 no crystal here",
    }


@pytest.mark.parametrize("kind", broken_files())
def test_a_corrupt_file_is_named(tmp_path, kind):
    path = tmp_path / f"{kind}.cif"
    path.write_text(broken_files()[kind])
    with pytest.raises(UserError, match=f"{kind}.cif"):
        read_crystal(path)
    assert f"{kind}.cif" in claim_mistakes(path, 154, 4, SILICA, *AROUND)[0]


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('pbc="T T T"', 'pbc="T T F"', 'says pbc="T T F": only what is periodic in three directions'),
        ('pbc="T T T"', 'pbc="F F F"', 'says pbc="F F F"'),
        ("pbc=", "magmom=2.0 pbc=", "says magmom of 2, a magnetic moment"),
        ("pbc=", "total_charge=-1 pbc=", "says total_charge of 1, a net charge"),
    ],
)
def test_what_a_crystal_file_says_besides_is_not_dropped(tmp_path, old, new, said):
    path = tmp_path / "stishovite.extxyz"
    write(path, read_crystal(FOLDER / "stishovite.cif"))
    assert read_crystal(path).get_chemical_formula() == "O4Si2"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UserError) as caught:
        read_crystal(path)
    assert str(caught.value).startswith(f"{path}: is no crystal that can be used: it {said[:4]}") and said in str(
        caught.value
    )


@pytest.mark.parametrize("moments", [[1, 1, 0, 0, 0, 0], [2, -2, 0, 0, 0, 0], [0, 0, 0.1, 0.1, 0.1, 0.1]])
def test_a_crystal_with_moments_is_refused(tmp_path, moments):
    crystal = read_crystal(FOLDER / "stishovite.cif")
    crystal.set_initial_magnetic_moments(moments)
    write(tmp_path / "magnetic.extxyz", crystal)
    with pytest.raises(UserError, match=r"magnetic\.extxyz: .* says initial_magmoms of .*, a magnetic moment"):
        read_crystal(tmp_path / "magnetic.extxyz")


def test_a_missing_file_is_named():
    with pytest.raises(UserError, match=r"nowhere\.cif: there is no such structure file"):
        read_crystal("nowhere.cif")


@pytest.mark.parametrize("name", ["alpha_quartz", "beta_cristobalite", "coesite", "stishovite"])
def test_supercells_are_large_enough_compact_and_the_same_crystal(name):
    crystal = conventional_cell(read_crystal(FOLDER / f"{name}.cif"))
    block = compact_supercell(crystal, 72)
    assert 72 <= len(block) <= 101
    assert len(block) % len(crystal) == 0
    assert perpendicular_widths(block.cell.array).min() > 6.2  # coesite: a = 7.1 A at beta = 120 degrees
    assert len(primitive_cell(block)) == TABLE[name][2]
    assert space_group(block) == TABLE[name][0]


def test_a_supercell_of_a_large_cell_is_the_cell():
    crystal = read_crystal(FOLDER / "alpha_tridymite_Cc.cif")
    assert len(compact_supercell(crystal, 72)) == 144


def test_widths_of_a_sheared_cell():
    cell = np.array([[4.0, 0, 0], [2.0, 3.0, 0], [0, 0, 5.0]])
    assert perpendicular_widths(cell) == pytest.approx([12 / np.sqrt(13), 3.0, 5.0])


def test_scaling_keeps_fractions_and_multiplies_the_volume():
    crystal = primitive_cell(read_crystal(FOLDER / "coesite.cif"))
    scaled = scaled_volume(crystal, 0.9)
    assert scaled.get_volume() == pytest.approx(0.9 * crystal.get_volume())
    fractions, expected = (cell.get_scaled_positions(wrap=False) for cell in (scaled, crystal))
    assert fractions == pytest.approx(expected)
    assert scaled.cell.angles() == pytest.approx(crystal.cell.angles())
