"""What is written for USPEX, read as USPEX reads it: by a program that knows the contract and not the writer."""

import itertools

import pytest

from melt2crystal.search.uspex.inputs import STAGES, SearchInput, input_text, stages
from melt2crystal.sections.search import Engine, Uspex
from tests.helpers.uspex_stand_in import block, first, iso_line, pressure_bar, search_told, value

SILICA = {"Si": 1, "O": 2}
DISTANCES = {"Si-O": 1.1, "O-O": 1.4, "Si-Si": 1.8}
VALUES = (
    *("calculationMethod", "calculationType", "ExternalPressure", "populationSize", "initialPopSize"),
    *("numGenerations", "stopCrit", "AutoFrac", "fracRand", "fracGene", "fracPerm", "fracAtomsMut", "fracLatMut"),
    *("numParallelCalcs", "whichCluster"),
)
BLOCKS = ("atomType", "numSpecies", "symmetries", "IonDistances", "Latticevalues", "abinitioCode", "commandExecutable")


def search(pressure_GPa=10.0, formula=None, distances=None, model="m", engine=None, **uspex) -> SearchInput:
    engine = engine or Engine(generation_structures=16)
    given = (formula or SILICA, 4, pressure_GPa, 11.5, distances or DISTANCES, 100, engine, Uspex(**uspex), model)
    return SearchInput(*given)


@pytest.mark.parametrize("version", ["9.4.4", "10"])
@pytest.mark.parametrize("pressure_GPa", [0.0, 10.0, -5.0, 0.0001, 12.3457, 1000.0])
def test_the_pressure_of_the_stages_is_that_of_the_input(pressure_GPa, version):
    """Each in its own unit and its own file; the one of the stages alone counts for USPEX's relaxations."""
    given = search(pressure_GPa, version=version)
    told = search_told(input_text(given))
    assert told["pressure_GPa"] == pytest.approx(pressure_GPa, abs=1e-6)
    texts = stages(given)
    assert len(texts) == len(told["codes"]) == len(told["commands"]) == len(STAGES) >= 2
    for text in texts:
        assert "box/relax tri" in iso_line(text)
        assert pressure_bar(text) == pytest.approx(1e4 * told["pressure_GPa"], abs=0.06)
        others = [line for line in text.splitlines() if "box/relax" in line and "iso" not in line]
        assert {line.split()[5] for line in others} == {iso_line(text).split()[5]}


@pytest.mark.parametrize("version", ["9.4.4", "10"])
def test_uspex_reads_what_was_meant(version):
    told = search_told(input_text(search(version=version)))
    assert (told["type"], told["optimised"], told["codes"]) == ("300", "1", ["4"] * len(STAGES))
    assert (told["species"], told["counts"]) == (["Si", "O"], [4, 8])
    assert told["distances"] == [[1.8, 1.1], [0.0, 1.4]]  # an upper triangle in the order of the types
    assert told["volume"] == pytest.approx(12 * 11.5)
    assert told["population"] == 16 and told["structures"] == 112  # the least whole generations above 100


def test_the_two_versions_say_enthalpy_in_their_own_way():
    old, new = (input_text(search(version=version)) for version in ("9.4.4", "10"))
    assert "1 : optType" in old.splitlines() and "EndOptType" not in old
    lines = new.splitlines()
    assert lines[first(lines, "optType") :][:3] == ["% optType", "1", "% EndOptType"]


def test_every_keyword_is_found_in_its_own_line_and_none_twice():
    command = "/opt/atomType/symmetries/lmp -in lammps.in > lammps.out"  # a path may hold anything
    lines = input_text(search(lammps=command)).splitlines()
    for keyword in VALUES:
        line = lines[first(lines, keyword)]
        assert line.split(" : ")[1] == keyword, line
    for keyword in BLOCKS:
        assert lines[first(lines, keyword)] == f"% {keyword}" and block(lines, keyword)
    shares = [float(value(lines, name)) for name in VALUES if name.startswith("frac")]
    assert sum(shares) == pytest.approx(1, abs=5e-3)
    comments = [line for line in lines if line.startswith("#")]
    named = [*VALUES, *BLOCKS, "optType"]
    assert not [word for word, line in itertools.product(named, comments) if word.lower() in line.lower()]


def test_three_species_and_one():
    ternary = search(formula={"Mg": 1, "Si": 1, "O": 3}, distances={"O-Mg": 1.5, "Si-O": 1.2, "O-O": 1.6})
    told = search_told(input_text(ternary))
    assert told["distances"] == [[0.0, 0.0, 1.5], [0.0, 0.0, 1.2], [0.0, 0.0, 1.6]]
    assert "pair_coeff * * Mg Si O" in stages(ternary)[0] and "mass 3 15.999" in stages(ternary)[0]
    alone = input_text(search(formula={"Si": 1}, distances={"Si-Si": 1.8})).splitlines()
    assert not [line for line in alone if "fracPerm" in line]  # one species has nothing to exchange


def test_uspex_adapts_its_operators_where_the_study_asks_for_it():
    for adaptive, said in ((False, "0"), (True, "1")):
        lines = input_text(search(engine=Engine(adaptive_shares=adaptive))).splitlines()
        assert value(lines, "AutoFrac") == said


def test_a_mark_tells_inputs_apart_but_not_how_they_are_run():
    first_mark = search().mark
    assert search(lammps="mpirun lmp -in lammps.in > lammps.out", parallel=8).mark == first_mark
    others = [search(11.0), search(model="n"), search(engine=Engine(generation_structures=17)), search(version="9.4.4")]
    others.append(search(engine=Engine(generation_structures=16, adaptive_shares=True)))
    marks = {one.mark for one in others}
    assert len(marks) == 5 and first_mark not in marks
