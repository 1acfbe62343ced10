"""Names of structures: quartz is not quartz, a mirror image is; prototypes; bonds; what a potential does not keep."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from melt2crystal.relaxation.one_by_one import OneByOne
from melt2crystal.relaxation.relaxer import Target
from melt2crystal.search.phases.bonds import bonds_of
from melt2crystal.search.phases.known import MINIMUM, relaxed_library
from melt2crystal.search.phases.library import read_kept, read_library, write_library
from melt2crystal.search.phases.naming import LIBRARY, PROTOTYPE, UNKNOWN, Prototypes, name_of
from melt2crystal.search.phases.phase import MIRROR_PAIRS, Phase, Ruler, handless
from melt2crystal.search.phases.rings import rings_of
from melt2crystal.sections.phases.naming import Naming
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.crystals import primitive_cell, read_crystal, scaled_volume
from tests.helpers.checkout import REPOSITORY

SYMPRECS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]
SILICA = Ruler(Substance(), 0.01, SYMPRECS)
METAL = Ruler(
    Substance(
        name="copper", formula={"Cu": 1}, central_species="Cu", ligand_species="Cu", bond_cutoff_A=3.0,
        minimum_distances_A={"Cu-Cu": 1.5},
    ),
    0.01,
    SYMPRECS,
)  # fmt: skip


def crystal(name: str) -> Atoms:
    return primitive_cell(read_crystal(REPOSITORY / f"data/polymorphs/{name}.cif"))


def phase(atoms: Atoms, name: str = "", enthalpy: float = -6.0) -> Phase:
    return SILICA.phase(name, atoms, enthalpy * len(atoms), 0.0)


def mirrored(atoms: Atoms) -> Atoms:
    """The other hand: every vector through a mirror."""
    plane = np.diag([1.0, 1.0, -1.0])
    return Atoms(atoms.get_chemical_symbols(), atoms.positions @ plane, cell=atoms.cell.array @ plane, pbc=True)


LIBRARY_AT_ONE_ENTHALPY = [phase(crystal(name), name) for name in ("alpha_quartz", "beta_quartz", "stishovite")]


def squeezed(name: str, like: str) -> Atoms:
    """A crystal at the volume of another, so that only its symmetry tells them apart."""
    own, other = crystal(name), crystal(like)
    return scaled_volume(own, other.get_volume() / other.get_global_number_of_atoms() * len(own) / own.get_volume())


def test_alpha_and_beta_quartz_have_names_of_their_own_though_a_matcher_takes_them_for_one():
    from melt2crystal.search.phases.naming import same_structure

    alpha, beta = crystal("alpha_quartz"), squeezed("beta_quartz", "alpha_quartz")
    assert same_structure(alpha, beta)
    library = [phase(alpha, "alpha_quartz", -6.001), phase(beta, "beta_quartz", -6.0)]
    assert name_of(phase(alpha, enthalpy=-6.0005), library, Naming()).name == "alpha_quartz"
    assert name_of(phase(beta, enthalpy=-6.0005), library, Naming()).name == "beta_quartz"


@pytest.mark.parametrize("name", ["alpha_quartz", "alpha_cristobalite", "keatite", "stishovite"])
def test_a_mirror_image_has_the_name_of_its_other_hand(name):
    own, other = crystal(name), mirrored(crystal(name))
    assert name_of(phase(other), [phase(own, name)], Naming()).name == name


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda atoms: atoms.repeat((2, 1, 1)), True),
        (lambda atoms: scaled_volume(atoms, 1.009), True),
        (lambda atoms: scaled_volume(atoms, 1.012), False),
        (lambda atoms: squeezed("alpha_cristobalite", "alpha_quartz"), False),
    ],
)
def test_a_name_needs_volume_and_structure(change, same):
    found = name_of(phase(change(crystal("alpha_quartz"))), [phase(crystal("alpha_quartz"), "alpha_quartz")], Naming())
    assert (found is not None) == same


def test_a_name_needs_the_enthalpy():
    own = crystal("stishovite")
    for enthalpy, same in ((-6.0019, True), (-6.0021, False), (-5.9979, False)):
        found = name_of(phase(own, enthalpy=enthalpy), [phase(own, "stishovite")], Naming())
        assert (found is not None) == same, enthalpy


def test_of_several_names_the_nearest_in_enthalpy_is_given():
    own = crystal("stishovite")
    library = [phase(own, "far", -6.0015), phase(own, "near", -6.0004)]
    assert name_of(phase(own), library, Naming()).name == "near"


def test_every_mirror_pair_is_one_of_the_eleven_of_the_international_tables():
    import spglib

    assert len(MIRROR_PAIRS) == 11 and handless(154) == handless(152) == 152 and handless(136) == 136
    of = {}
    for hall in range(1, 531):
        kind = spglib.get_spacegroup_type(hall)
        of.setdefault(kind.number, kind.pointgroup_international)
    for low, high in MIRROR_PAIRS:
        assert low < high and of[low] == of[high]


def test_prototypes_are_named_and_one_of_another_group_is_only_like_it():
    prototypes = Prototypes({"Si": 1, "O": 2})
    for name, wanted in (("stishovite", "Rutile"), ("beta_cristobalite", "high (beta) Cristobalite")):
        found = prototypes.name_of(crystal(name), SILICA.groups(crystal(name)))
        assert (found.name, found.source) == (wanted, PROTOTYPE)
    i42d = crystal("beta_cristobalite_I42d")
    assert prototypes.name_of(i42d, SILICA.groups(i42d)).name == "like high (beta) Cristobalite"
    seifertite = crystal("seifertite")
    assert prototypes.name_of(seifertite, SILICA.groups(seifertite)).source == UNKNOWN
    germania = crystal("stishovite")
    germania.symbols[germania.symbols == "Si"] = "Ge"
    assert prototypes.name_of(germania, SILICA.groups(germania)).name == "Rutile"
    assert Prototypes({"A": 3, "B": 7}).name_of(germania, (136, 136)).source == UNKNOWN  # no prototype has this formula


@pytest.mark.parametrize(
    ("name", "central", "ligand", "shared"),
    [("alpha_quartz", "4", "2", "corners"), ("stishovite", "6", "3", "edges"), ("seifertite", "6", "3", "edges")],
)
def test_bonds_of_crystals(name, central, ligand, shared):
    found = bonds_of(crystal(name), Substance())
    assert (found.central, found.ligand, found.shared, found.dimensions) == (central, ligand, shared, 3)


def chain() -> Atoms:
    """SiS2's chain of edge-sharing tetrahedra, in oxygen, far from its images."""
    atoms = Atoms("Si2O4", cell=[12, 12, 5.2], pbc=True)
    atoms.positions = [[6, 6, 0], [6, 6, 2.6], [7.1, 6, 1.3], [4.9, 6, 1.3], [6, 7.1, 3.9], [6, 4.9, 3.9]]
    return atoms


def test_bonds_of_a_molecule_and_of_a_chain():
    molecule = Atoms("SiO2", positions=[[5, 5, 5], [6.5, 5, 5], [3.5, 5, 5]], cell=[10] * 3, pbc=True)
    found = bonds_of(molecule, Substance())
    assert (found.central, found.ligand, found.shared, found.dimensions) == ("2", "1", "nothing", 0)
    found = bonds_of(chain(), Substance())
    assert (found.central, found.ligand, found.shared, found.dimensions) == ("4", "2", "edges", 1)
    mixed = chain()
    mixed.positions[5] = [0, 0, 0]
    assert (bonds_of(mixed, Substance()).central, bonds_of(mixed, Substance()).ligand) == ("3", "0x1 2x3")
    copper = bonds_of(bulk("Cu", "fcc", a=3.6, cubic=True), METAL.substance)
    assert (copper.central, copper.shared, copper.dimensions) == ("12", None, 3)


ZINC_BLENDE = Substance(
    name="zinc sulphide", formula={"Zn": 1, "S": 1}, central_species="Zn", ligand_species="S", bond_cutoff_A=2.8,
    minimum_distances_A={"Zn-S": 1.8},
)  # fmt: skip
SILICON = Substance(
    name="silicon", formula={"Si": 1}, central_species="Si", ligand_species="Si", bond_cutoff_A=2.8,
    minimum_distances_A={"Si-Si": 1.8},
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rings"),
    [
        ("alpha_quartz", "6x1 8x5"),
        ("alpha_cristobalite", "6x2"),
        ("beta_tridymite", "6x2"),
        ("keatite", "5x0.667 7x0.667 8x0.667"),
        ("coesite", "4x0.5 6x0.25 8x0.25 9x1 10x0.25 11x1"),
        ("stishovite", None),
    ],
)
def test_rings_tell_frameworks_of_one_coordination_apart(name, rings):
    assert rings_of(crystal(name), Substance()) == rings


def test_rings_do_not_depend_on_the_cell_that_is_written_down():
    quartz = crystal("alpha_quartz")
    sheared = np.array([[1, 0, 0], [2, 1, 0], [0, 1, 1]])
    oblique = Atoms(
        quartz.symbols,
        cell=sheared @ quartz.cell.array,
        scaled_positions=quartz.cell.scaled_positions(quartz.positions) @ np.linalg.inv(sheared),
        pbc=True,
    )
    for written in (oblique, quartz.repeat((2, 1, 3)), mirrored(quartz)):
        assert rings_of(written, Substance()) == "6x1 8x5"


def test_rings_of_elements_chains_and_molecules():
    assert rings_of(bulk("Si", "diamond", a=5.43), SILICON) == "6x2"
    assert rings_of(chain(), Substance()) == "2x1"  # each tetrahedron shares two edges
    apart = Atoms("SiO2", positions=[[2, 2, 2], [6, 6, 6], [9, 9, 9]], cell=[12] * 3, pbc=True)
    linear = Atoms("SiO2", positions=[[5, 5, 5], [6.5, 5, 5], [3.5, 5, 5]], cell=[10] * 3, pbc=True)
    assert rings_of(apart, Substance()) == rings_of(linear, Substance()) == "none"
    assert rings_of(bulk("ZnS", "zincblende", a=5.41), ZINC_BLENDE) is None  # sulphur joins four


COPPERS = {
    "fcc": bulk("Cu", "fcc", a=3.65).repeat((2, 1, 1)),
    "cubic": bulk("Cu", "sc", a=2.4).repeat((2, 2, 2)),
}


def test_what_a_potential_lets_go_is_said_and_is_no_name(tmp_path):
    """EMT's copper is fcc; the simple cubic one is held by its symmetry alone."""
    target = Target(0.0, 0.002, 300)
    library = relaxed_library(COPPERS, OneByOne(EMT()), target, METAL, Naming(), 0.1, 1)
    rows = {row["crystal"]: row for row in library.rows}
    assert rows["fcc"]["state"] == MINIMUM and rows["fcc"]["space_group"] == 225 and "becomes" not in rows["fcc"]
    assert rows["cubic"]["state"] == "saddle point" and rows["cubic"]["gained_meV_per_atom"] > 100
    assert rows["cubic"]["space_group"] == 221 and "becomes" in rows["cubic"]
    found = METAL.phase("", COPPERS["fcc"], 0.0, 0.0)
    (kept, *_) = [one for one in library.phases if one.name == "fcc"]
    same = Phase("", kept.atoms.repeat((1, 1, 2)), kept.groups, *list(vars(kept).values())[3:])
    assert name_of(same, library.phases, Naming()).source == LIBRARY
    assert name_of(found, library.phases, Naming()) is None  # its enthalpy is another one
    path = tmp_path / "known.extxyz"
    write_library(path, [(one, 10.0) for one in library.phases])
    (pressure, again), *_ = read_kept(path, METAL).items()
    assert pressure == 10.0 and [one.name for one in again] == [one.name for one in library.phases]
    assert again[0].enthalpy_eV_per_atom == pytest.approx(library.phases[0].enthalpy_eV_per_atom)


def test_large_crystals_are_left_out_of_the_library_and_named(capsys):
    paths = [REPOSITORY / f"data/polymorphs/{name}.cif" for name in ("stishovite", "keatite")]
    assert list(read_library(paths, 30)) == ["stishovite"]
    assert "keatite" in capsys.readouterr().out
