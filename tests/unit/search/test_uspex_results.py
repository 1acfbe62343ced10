"""Results of USPEX: every structure once, whatever is cut off, and nothing of a version that nobody knows."""

import pytest

from melt2crystal.errors import UserError
from melt2crystal.search.others.structure import usable
from melt2crystal.search.uspex.results import read_results
from tests.helpers.uspex_cases import (
    BOXED,
    BOXED_GOOD,
    BOXED_WITH_GENERATIONS,
    GOOD,
    PLAIN,
    crystals,
    gathered,
    poscar,
    write_results,
)

SPECIES = ["Si", "O"]
OLD = "*** Version 9.4.4 (04/10/2015) ***"
PYTHON = "USPEX 2023.0.1"


def sources(found):
    return [one.source for one in found]


@pytest.mark.parametrize(
    ("individuals", "good", "version", "named"),
    [
        (PLAIN, GOOD, "*** Version 10.5 (01/06/2021) ***", True),
        (PLAIN, GOOD, OLD, False),
        (BOXED, BOXED_GOOD, PYTHON, True),
        (BOXED_WITH_GENERATIONS, "", PYTHON, True),
        (PLAIN, GOOD, None, True),
    ],
)
def test_each_structure_is_read_once_with_what_the_tables_say(tmp_path, individuals, good, version, named):
    write_results(tmp_path, individuals, good, version, named=named)
    taken, refused = read_results(tmp_path, SPECIES).found
    assert refused == [] and sources(taken) == [f"results1/EA{k}" for k in (1, 2, 3, 4)]
    assert [one.generation for one in taken] == [1, 1, 2, 2]
    assert [one.origin for one in taken] == ["symmetric", "symmetric", "splice", "soft"]
    assert [one.enthalpy_eV_per_atom for one in taken] == [
        pytest.approx(-9.6),
        pytest.approx(-86.1 / 9),
        None,  # N/A
        pytest.approx(-86.0 / 9),
    ]
    assert {one.pressure_GPa for one in taken} == {10.0}
    for one, crystal in zip(taken, crystals().values(), strict=True):
        assert one.atoms.get_chemical_formula() == crystal.get_chemical_formula()
        assert one.atoms.get_volume() == pytest.approx(crystal.get_volume(), rel=1e-6)


def test_the_folder_of_results_is_as_good_as_that_above_and_several_are_one_search(tmp_path):
    results = write_results(tmp_path)
    assert len(read_results(results, SPECIES).found[0]) == 4
    write_results(tmp_path / "more").rename(tmp_path / "results12")
    (tmp_path / "results3").mkdir()  # begun, and empty
    taken = read_results(tmp_path, SPECIES).found[0]
    assert sources(taken)[3:5] == ["results1/EA4", "results12/EA1"] and len(taken) == 8


@pytest.mark.parametrize("lines", [2, 3, 4, 6])
@pytest.mark.parametrize("text", [PLAIN, BOXED])
def test_a_table_that_was_cut_off_loses_no_structure(tmp_path, text, lines):
    whole = text.splitlines(keepends=True)
    write_results(tmp_path, "".join(whole[:lines]) + whole[lines][:30], good="")
    taken, refused = read_results(tmp_path, SPECIES).found
    assert len(taken) == 4
    told = [one for one in taken if not one.remark]
    assert len(told) + sum("no table has a row" in one.remark for one in taken) == 4
    assert all("results1/Individuals, line" in lost.source for lost in refused) and len(refused) <= 1


@pytest.mark.parametrize(
    ("cut", "kept", "said"),
    [(0, 0, "has a row, but no structure"), (6, 0, "cut off"), (100, 0, "cut off"), (-40, 3, "cut off: 8 of 9 atoms")],
)
def test_structures_that_were_cut_off_are_named(tmp_path, cut, kept, said):
    results = write_results(tmp_path)
    (results / "gatheredPOSCARS").write_text(gathered()[:cut])
    taken, refused = read_results(tmp_path, SPECIES).found
    assert len(taken) == kept and len(taken) + len(refused) == 4
    assert any(said in lost.reason for lost in refused), refused
    assert {lost.source for lost in refused} <= {f"results1/EA{k}" for k in (1, 2, 3, 4)}


def test_a_broken_structure_spoils_no_other_and_goodstructures_may_have_it(tmp_path):
    results = write_results(tmp_path)
    atoms = crystals()
    broken = poscar(2, atoms[2]).replace("Direct", "D\x00rect").splitlines()[:9]
    text = poscar(1, atoms[1]) + "\n".join(broken) + "\n" + poscar(3, atoms[3]) + poscar(4, atoms[4])
    (results / "gatheredPOSCARS").write_text(text)
    taken, refused = read_results(tmp_path, SPECIES).found
    assert sources(taken) == [f"results1/EA{k}" for k in (1, 3, 4)]
    assert [lost.source for lost in refused] == ["results1/EA2"] and "line 15" in refused[0].reason
    (results / "goodStructures_POSCARS").write_text(poscar(2, atoms[2]))
    assert len(read_results(tmp_path, SPECIES).found[0]) == 4


@pytest.mark.parametrize(
    "line", ["USPEX 25.1", "*** Version 26.0 ***", "Version 9.4.2 (2015)", "uspex v11.0", "USPEX version: 2025.1"]
)
def test_a_version_that_nobody_knows_is_refused_with_its_line(tmp_path, line):
    write_results(tmp_path, version=line)
    with pytest.raises(UserError) as caught:
        read_results(tmp_path, SPECIES)
    said = str(caught.value)
    assert "OUTPUT.txt, line 2" in said and line in said and "search.found" in said


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no results of USPEX"):
        read_results(tmp_path, SPECIES)


def test_other_compositions_are_refused_by_name(tmp_path):
    results = write_results(tmp_path)
    wrong = crystals()[1][[0, 1, 2, 3, 4]]
    (results / "gatheredPOSCARS").write_text(gathered((1, 2, 3)) + poscar(4, wrong))
    taken, refused = usable(read_results(tmp_path, SPECIES).found[0], {"Si": 1, "O": 2})
    assert len(taken) == 3 and "O3Si2" in refused[0].reason and refused[0].source == "results1/EA4"


def test_the_pressure_is_that_of_the_stages_and_two_that_differ_are_told(tmp_path):
    write_results(tmp_path, pressure="10.0")
    (tmp_path / "Specific").mkdir()
    fix = "# isotropic\nfix 1 all box/relax tri {} vmax 0.002 # iso\nfix 1 all box/relax tri 1.0 vmax 0.002\n"
    (tmp_path / "Specific/lammps.in_1").write_text(fix.format("0.0"))
    results = read_results(tmp_path, SPECIES)
    assert {one.pressure_GPa for one in results.found[0]} == {0.0}
    assert "INPUT.txt says 10 GPa, the LAMMPS stages relax at 0 GPa" in results.remarks[0]
    (tmp_path / "Specific/lammps.in_2").write_text(fix.format("100000.0"))
    assert "at different pressures" in read_results(tmp_path, SPECIES).remarks[0]
