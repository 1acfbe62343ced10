"""CIF files of many hands are read by one reader: what is in them, or a sentence that says what is wrong."""

from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from melt2crystal.errors import UserError
from melt2crystal.structure.cif import of_composition, unsaid_origin
from melt2crystal.structure.crystals import claim_mistakes, read_crystal, space_group

FOLDER = Path("data/polymorphs")
CELL = (4.916, 4.916, 5.4054, 90, 90, 120)
OPERATORS = ("x,y,z", "y,x,2/3-z", "-y,x-y,2/3+z", "-x,-x+y,1/3-z", "-x+y,-x,1/3+z", "x-y,-y,-z")
SITES = "Si1 Si4+ 0.4697(1) 0 0\nO1 O2- 0.4135(2) 0.2669(2) 0.1191(1)"
TYPED = ("label", "type_symbol", "fract_x", "fract_y", "fract_z")
UNTYPED = ("label", "fract_x", "fract_y", "fract_z")
CRISTOBALITE = dict(symbol="F d -3 m", cell=(7.16, 7.16, 7.16, 90, 90, 90), operators=(), number=227, formula="")
ORIGIN_1 = "Si1 Si 0 0 0\nO1 O 0.125 0.125 0.125"
ORIGIN_2 = "Si1 Si 0.125 0.125 0.125\nO1 O 0 0 0"


def cif(
    sites=SITES, columns=TYPED, operators=OPERATORS, symbol="P 32 2 1", number=154, cell=CELL, formula="Si O2", name="I"
) -> str:
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [f"data_{name}", *(f"_cell_{key} {value}" for key, value in zip(names, cell, strict=True))]
    lines += [f"_symmetry_space_group_name_H-M '{symbol}'"] if symbol else []
    lines += [f"_symmetry_Int_Tables_number {number}"] if number else []
    lines += [f"_chemical_formula_sum '{formula}'"] if formula else []
    lines += ["loop_", "_symmetry_equiv_pos_as_xyz", *(f"'{one}'" for one in operators)] if operators else []
    return "\n".join([*lines, "loop_", *(f"_atom_site_{column}" for column in columns), sites, ""])


def untyped(silicon: str, oxygen: str) -> dict:
    return {"sites": f"{silicon} 0.4697 0 0\n{oxygen} 0.4135 0.2669 0.1191", "columns": UNTYPED}


GOOD = {
    "plain": cif().encode(),
    "byte-order mark": b"\xef\xbb\xbf" + cif().encode(),
    "carriage returns": cif().replace("\n", "\r\n").encode(),
    "both": b"\xef\xbb\xbf" + cif().replace("\n", "\r\n").encode(),
    "old Macintosh": cif().replace("\n", "\r").encode(),
    "Latin-1": b"# Silicium \xe9tudi\xe9\n" + cif().encode(),
    "text before": b"data_global\n_publ_section_title 'text'\n\n" + cif().encode(),
    "labels with brackets": cif(**untyped("Si(1)", "Obr")).encode(),
    "labels with capitals": cif(**untyped("SiT", "OBr")).encode(),
    "labels in capitals": cif(**untyped("SI1", "OS1")).encode(),  # by the formula: neither sulphur nor osmium
    "symbols in capitals": cif(sites=SITES.replace("Si4+", "SI")).encode(),
    "unknown symbol beside operators": cif(symbol="quartz low", number=None).encode(),
    "wrong symbol beside operators": cif(symbol="C 2/c", number=15).encode(),
    "no operators, the origin of 1952": cif(operators=()).encode(),
    "full occupancy": cif(sites=SITES.replace("\n", " 1.\n") + " 1.0(1)", columns=(*TYPED, "occupancy")).encode(),
    "occupancy by default": cif(sites=SITES.replace("\n", " .\n") + " ?", columns=(*TYPED, "occupancy")).encode(),
}


@pytest.mark.parametrize("kind", GOOD)
def test_quartz_of_many_hands_is_read(tmp_path, kind):
    path = tmp_path / "quartz.CIF" if kind == "plain" else tmp_path / "quartz.cif"
    path.write_bytes(GOOD[kind])
    atoms = read_crystal(path)
    assert (atoms.get_chemical_formula(), space_group(atoms)) == ("O6Si3", 154)
    assert atoms.get_volume() / 3 == pytest.approx(37.71, abs=0.01)
    assert claim_mistakes(path, 154, 4, {"Si": 1, "O": 2}, "Si", "O", 2.2) == []


@pytest.mark.parametrize(
    "change, sites",
    [
        ({}, ORIGIN_1),
        ({"symbol": "F d -3 m :2"}, ORIGIN_2),
        ({"symbol": "Fd-3m Z"}, ORIGIN_2),
        ({"symbol": "F d -3 m S"}, ORIGIN_1),
        ({"symbol": "F d -3 m", "formula": "O2 Si"}, ORIGIN_2),
        ({"symbol": "", "formula": "Si8 O16"}, ORIGIN_2),
    ],
)
def test_the_origin_is_the_one_that_the_file_says(tmp_path, change, sites):
    path = tmp_path / "cristobalite.cif"
    path.write_text(cif(sites, **(CRISTOBALITE | change)))
    atoms = read_crystal(path)
    assert (atoms.get_chemical_formula(), space_group(atoms)) == ("O16Si8", 227)


def test_sites_in_one_place_are_asked_for_under_the_right_origin_alone(tmp_path):
    """(0, 0, 0) and (1/4, 1/4, 1/4) are one place under origin 1, two under origin 2."""
    path = tmp_path / "cristobalite.cif"
    path.write_text(cif(ORIGIN_2 + "\nO2 O 0.25 0.25 0.25", **(CRISTOBALITE | {"formula": "Si O6"})))
    assert read_crystal(path).get_chemical_formula() == "O48Si8"


def test_an_origin_that_the_file_does_not_say_is_asked_for(tmp_path):
    path = tmp_path / "cristobalite.cif"
    path.write_text(cif(ORIGIN_2, **CRISTOBALITE))
    assert "'F d -3 m :2'" in unsaid_origin(path)
    path.write_text(cif(ORIGIN_2, **(CRISTOBALITE | {"symbol": "F d -3 m :1"})))
    assert unsaid_origin(path) == unsaid_origin(FOLDER / "beta_cristobalite.cif") == ""


@pytest.mark.parametrize("symbol, number", [("I 2/a", None), ("I 1 2/a 1", 15), ("I2/a", 15)])
def test_other_axes_of_a_group_are_known_by_their_symbol(tmp_path, symbol, number):
    moganite = read(FOLDER / "moganite.cif")
    path = tmp_path / "moganite.cif"
    sites = "Si1 0.25 -0.0092 0\nSi2 0.0115 0.2533 0.1678\nO1 -0.0314 0.068 0.286\nO2 0.1711 0.177 0.105\n"
    sites += "O3 0.1344 0.2148 0.0739"
    cell = (8.758, 4.876, 10.715, 90, 90.08, 90)
    path.write_text(cif(sites, UNTYPED, (), symbol, number, cell, "Si O2"))
    atoms = read_crystal(path)
    assert (atoms.get_chemical_formula(), space_group(atoms)) == (moganite.get_chemical_formula(), 15)


BAD = {
    "two crystals": (cif(name="one") + cif(name="two"), "holds 2 crystals (data_one, data_two)"),
    "two crystals of one name": (cif() * 3, "holds 3 crystals"),
    "mixed site": (
        cif("Si1 Si .4697 0 0 .5\nAl1 Al .4697 0 0 .5\nO1 O .4135 .2669 .1191 1", columns=(*TYPED, "occupancy")),
        "site Si1 (Si): occupancy 0.5",
    ),
    "vacancies": (cif(SITES.replace("\n", " 1\n") + " 0.75", (*TYPED, "occupancy")), "site O1 (O): occupancy 0.75"),
    "more than full": (cif(SITES.replace("\n", " 2\n") + " 1", (*TYPED, "occupancy")), "site Si1 (Si): occupancy 2"),
    "shared site without occupancy": (
        cif(SITES + "\nGe1 Ge 0.4697 0 0", formula=""),
        "(Si, Ge) are one place, shared",
    ),
    "split site without occupancy": (cif(SITES + "\nO2 O 0.42 0.27 0.12", formula=""), "Å apart: a shared or split"),
    "question mark": (cif(SITES.replace("0.1191(1)", "?")), "site O1 (O): _atom_site_fract_z is '?'"),
    "words for a number": (cif(SITES.replace("0.4697(1)", "a_half")), "site Si1 (Si): _atom_site_fract_x is 'a_half'"),
    "ambiguous label": (cif(**untyped("CO1", "O1"), formula=""), "label 'CO1' does not say which element"),
    "label of no element": (cif(**untyped("Q1", "O1")), "site 1: the label 'Q1' does not say which element"),
    "type of no element": (cif(SITES.replace("Si4+", "Wat")), "type symbol 'Wat' does not say which element"),
    "symbol that no table knows": (cif(symbol="quartz low", number=None, operators=()), "'quartz low'; list the op"),
    "symbol and number of two groups": (cif(symbol="C 2/c", operators=()), "knows the space group 'C 2/c'"),
    "another origin": (
        cif(SITES.replace("0.4697(1) 0 0", ".4 .1 .03"), operators=()),
        "make Si6O6, but the file says Si O2: it has another origin",
    ),
    "operators of letters": (cif(operators=("x,y,z", "up,down,strange")), "operator 2 is 'up,down,strange'"),
    "no cell": (cif(cell=("?", 4.9, 5.4, 90, 90, 120)), "_cell_length_a is no number"),
    "an endless cell": (cif(cell=("1e999", 4.9, 5.4, 90, 90, 120)), "cell lengths inf, 4.9, 5.4: correct them"),
    "an edge of the other sign": (cif(cell=(4.9, -4.9, 5.4, 90, 90, 120)), "cell lengths 4.9, -4.9, 5.4: correct"),
    "a tiny cell edge": (cif(cell=(1e-5, *CELL[1:])), "Å³ an atom: its Lattice must be in Å"),
    "a narrow cell": (cif(cell=(0.5, 40, 40, 90, 90, 90), operators=("x,y,z",)), "opposite faces are 0.5 Å apart"),
    "angles that miss": (cif(cell=(5, 5, 5, 170, 90, 10)), "no cell has the angles 170, 90, 10"),
    "an angle of zero": (cif(cell=(5, 5, 5, 90, 90, 0)), "no cell has the angles 90, 90, 0"),
    "vectors in one plane": (cif(cell=(5, 5, 5, 120, 120, 120)), "no cell has the angles 120, 120, 120"),
    "no atoms": ("data_x\n_cell_length_a 4\n", "holds no atoms"),
}


def told(column: str, *values: str) -> str:
    """Quartz with one column more."""
    sites = "\n".join(f"{row} {value}" for row, value in zip(SITES.split("\n"), values, strict=True))
    return cif(sites, (*TYPED, column))


def with_positions(*rows: str, before: str = "") -> str:
    sites = "\n".join(f"{row} {more}" for row, more in zip(SITES.split("\n"), rows, strict=True))
    return cif(sites, (*TYPED, "Cartn_x", "Cartn_y", "Cartn_z")).replace("data_I\n", "data_I\n" + before)


SILICON, OXYGEN = "2.30905 0 0", "1.37674 1.13628 0.64378"  # a along x
TURNED = "0 2.30905 0", "-1.13628 1.37674 0.64378"
MORE = {
    "one of two choices": (told("disorder_group", ".", "1"), "site 2: _atom_site_disorder_group is 1: the site is one"),
    "an assembly": (told("disorder_assembly", "A", "."), "site 1: _atom_site_disorder_assembly is A: the site is one"),
    "dummy": (told("calc_flag", "d", "dum"), "site 2: _atom_site_calc_flag is dum: it holds no atom"),
    "hydrogens": (told("attached_hydrogens", "0", "1"), "site 2: _atom_site_attached_hydrogens is 1: these hydrogens"),
    "modulated": (
        cif() + "_cell_modulation_dimension 1\n",
        "_cell_modulation_dimension is 1: the crystal is modulated",
    ),
    "composite": (cif() + "_cell_subsystems_number 2\n", "_cell_subsystems_number is 2: the crystal is a composite"),
    "magnetic": (
        cif() + "loop_\n_atom_site_moment_label\n_atom_site_moment_crystalaxis_x\nSi1 2.0\n",
        "it has _atom_site_moment_label: magnetic and modulated",
    ),
    "other positions": (with_positions(SILICON, "1.37674 1.13628 1.64378"), "_atom_site_cartn_x, ... puts sites 0."),
    "positions in nm": (with_positions("0.230905 0 0", OXYGEN), "_atom_site_cartn_x, ... puts sites 2.08 Å from where"),
    "fractions as positions": (
        with_positions("0.4697 0 0", "0.4135 0.2669 0.1191"),
        "_atom_site_cartn_x, ... puts sites",
    ),
    "another element in the formula": (cif(formula="Ge O2"), "make Si3O6, but _chemical_formula_sum is Ge O2"),
    "other numbers in the formula": (cif(formula="Si O3"), "make Si3O6, but _chemical_formula_sum is Si O3"),
    "hydrogens in the formula alone": (cif(formula="H2 O3 Si"), "but _chemical_formula_sum is H2 O3 Si: correct"),
    "a site twice": (cif(SITES + "\nO2 O2- 0.4135 0.2669 0.1191"), "sites 2 and 3 (O, O) are one place, said twice"),
    "a site by an operator": (cif(SITES + "\nSi2 Si 0 0.4697 0.66666667"), "(Si, Si) are one place, said twice"),
    "a site one cell on": (cif("Si9 Si 1.4697 0 0\n" + SITES), "sites 1 and 2 (Si, Si) are one place, said twice"),
}


@pytest.mark.parametrize("kind", MORE)
def test_nothing_that_a_file_says_is_dropped(tmp_path, kind):
    path = tmp_path / "quartz.cif"
    text, said = MORE[kind]
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_crystal(path)
    assert str(caught.value).startswith(f"{path}, data_I: ") and said in str(caught.value)


HARMLESS = {
    "no disorder": told("disorder_group", ".", "?"),
    "measured and calculated": told("calc_flag", "d", "calc"),
    "no hydrogens": told("attached_hydrogens", "0", "."),
    "no modulation": cif() + "_cell_modulation_dimension 0\n",
    "positions": with_positions(SILICON, OXYGEN),
    "positions along other axes": with_positions(*TURNED),
    "positions from another origin": with_positions(
        "3.30905 0 0", "2.37674 1.13628 0.64378", before="_atom_sites_Cartn_tran_vector_1 1.0\n"
    ),
    "positions unsaid": with_positions("? ? ?", ". . ."),
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_changes_nothing_is_read(tmp_path, kind):
    path = tmp_path / "quartz.cif"
    path.write_text(HARMLESS[kind])
    assert space_group(read_crystal(path)) == 154


@pytest.mark.parametrize("kind", BAD)
def test_what_makes_no_crystal_is_refused_by_a_sentence(tmp_path, kind):
    path = tmp_path / "quartz.cif"
    text, said = BAD[kind]
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_crystal(path)
    assert said in str(caught.value) and "quartz.cif" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_repository_s_crystals_are_read_as_ase_reads_them():
    for path in FOLDER.glob("*quartz.cif"):
        mine, theirs = read_crystal(path), read(path)
        theirs.wrap()
        assert list(mine.symbols) == list(theirs.symbols)
        assert np.array_equal(mine.positions, theirs.positions) and np.array_equal(mine.cell, theirs.cell)


def test_crystals_of_another_substance_are_left_out(tmp_path):
    texts = {
        "quartz": cif(),
        "unsaid": cif(formula=""),
        "germania": cif(SITES.replace("Si", "Ge"), formula="Ge O2"),
        "germania_unsaid": cif(SITES.replace("Si", "Ge"), formula="?"),
        "suboxide": cif(formula="Si O"),
        "silicon": cif("Si Si 0 0 0", formula="Si8"),
        "broken": "data_",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.cif").write_text(text)
    kept = of_composition(sorted(tmp_path.glob("*.cif")), {"Si": 1, "O": 2})
    assert [path.stem for path in kept] == ["broken", "quartz", "unsaid"]  # who uses the broken one says so
    assert len(of_composition(FOLDER.glob("*.cif"), {"Si": 1, "O": 2})) == len(list(FOLDER.glob("*.cif")))
