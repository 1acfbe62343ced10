"""A search handed over, from its inputs to the unique structures: LAMMPS runs the stages with a DeePMD model.

What stands in for USPEX does with files what USPEX does, and searches nothing (tests/helpers/uspex_stand_in.py).
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.units import GPa

from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames
from melt2crystal.search.melts import Bounds, write_bounds
from melt2crystal.search.uspex.folder import lacking
from melt2crystal.sections.search import Batches, Engine, Relaxation, Starts, Symmetry, Trust, Unique
from melt2crystal.sections.substance import Substance
from melt2crystal.train.models import Ensemble
from tests.helpers import uspex_stand_in
from tests.helpers.checkout import REPOSITORY, environment
from tests.helpers.programs import program
from tests.helpers.uspex_cases import write_results

MODEL = REPOSITORY / "tests/data/silica-of-a-minute.pb"
PRESSURE_GPA = 10.0
SMALL = {
    "generation_structures": 2,
    "structures": 2,
    "relax_steps": 60,
    "largest_deviation_eV_per_A": None,  # one member agrees with itself
    "minima_checked": 0,
    "symprecs_A": [0.01, 0.1],
    "uspex.version": "10",
    "uspex.lammps": "lmp -in lammps.in -log none > lammps.out",
    "uspex.parallel": 1,
    "energy_ceiling_eV_per_atom": 50.0,
    "energy_floor_eV_per_atom": 50.0,  # the model of a minute knows no energies
}


def settings(*parts) -> str:
    names = {name for part in parts for name in part.model_fields} | {
        name for name in SMALL if name.startswith(("structures", "uspex"))
    }
    defaults = {name: field.default for part in parts for name, field in part.model_fields.items()}
    values = {f"search.{name}": {**defaults, **SMALL}[name] for name in names}
    return json.dumps({**values, "substance": json.loads(Substance().model_dump_json()), "seed": 1})


def run(rule: str, *arguments, **more):
    """The program of a rule, its errors raised."""
    return getattr(program(rule), rule).__wrapped__(*arguments, **more)


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    """Folder of one search whose inputs were written."""
    folder = tmp_path_factory.mktemp("search")
    write_bounds(folder / "bounds.json", Bounds((9.0, 11.0), -18.0, (10.0,), 4))
    given = settings(Engine, Relaxation)
    run("search_uspex_inputs", [MODEL], folder / "bounds.json", PRESSURE_GPA, 2, folder / "uspex/INPUT.txt", given)
    return folder


def structures(folder: Path, uspex: Path) -> pd.DataFrame:
    """The table of the search whose results lie in that folder."""
    table, frames = uspex / "out/structures.csv", uspex / "out/structures.extxyz"
    parts = settings(Batches, Starts, Relaxation, Symmetry, Trust)
    theirs = uspex / "out/theirs.csv"
    given = ([MODEL], uspex / "INPUT.txt", folder / "bounds.json", PRESSURE_GPA, 2, table, frames, theirs, parts)
    run("search_uspex_structures", *given)
    return pd.read_csv(table)


def test_without_results_it_stops_and_says_what_to_do(handed):
    uspex = handed / "uspex"
    with pytest.raises(UserError, match="run USPEX"):
        structures(handed, uspex)
    assert not (uspex / "out").exists()


@pytest.fixture(scope="module")
def put_back(handed):
    """The same folder after one call, in which one of two structures went through all stages; no more are awaited."""
    uspex = handed / "uspex"
    driver = [sys.executable, uspex_stand_in.__file__]
    ended = subprocess.run(driver, cwd=uspex, env=environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert "CalcFold1 is there, USPEX_IS_DONE is not" in lacking(uspex)
    (uspex / "USPEX_IS_DONE").touch()
    assert lacking(uspex) == ""
    return uspex


def test_the_stages_bring_cell_and_atoms_to_rest_at_the_pressure(put_back):
    (one,) = json.loads((put_back / "Current_POP.json").read_text())
    atoms = Atoms("Si2O4", scaled_positions=one["where"], cell=np.array(one["cell"]), pbc=True)
    energies, forces, virials = Ensemble([str(MODEL)]).evaluate([atoms])
    # H = E + p V of what was printed is that of the model at the printed cell and positions
    assert one["H"] == pytest.approx(energies[0, 0] + PRESSURE_GPA * GPa * atoms.get_volume(), abs=2e-3)
    assert np.abs(forces[0]).max() < 0.05
    stress = virials[0, 0] / atoms.get_volume() / GPa
    assert np.trace(stress) / 3 == pytest.approx(PRESSURE_GPA, abs=0.3)
    assert np.abs(stress - PRESSURE_GPA * np.eye(3)).max() < 1.0


def test_what_came_back_becomes_the_table_of_every_search(handed, put_back):
    table = structures(handed, put_back)
    found = json.loads((put_back / "Current_POP.json").read_text())
    theirs = pd.read_csv(put_back / "out/theirs.csv")
    assert list(table["id"]) == ["p10-z2-u-0000"] == list(theirs["id"])
    assert set(table["status"]) <= {"ok", "unconverged"} and set(table["origin"]) == {"symmetric"}
    assert list(table["formula_units"]) == [2] and list(theirs["pressure_GPa_theirs"]) == [10.0]
    said = found[0]["H"] / 6
    assert theirs["enthalpy_eV_per_atom_theirs"].item() == pytest.approx(said, abs=1e-3)
    # HP relaxes on from where LAMMPS ended: not uphill, and not far
    assert table["enthalpy_eV_per_atom"].item() <= said + 1e-3 and theirs["volume_change_percent"].abs().item() < 5
    assert len(read_frames(put_back / "out/structures.extxyz")) == 1
    unique = put_back / "out/unique.csv"
    parts = settings(Batches, Starts, Relaxation, Symmetry, Trust, Unique)
    given = ([put_back / "out/structures.csv"], [MODEL], handed / "bounds.json", PRESSURE_GPA)
    run("search_unique", *given, unique, unique.with_suffix(".extxyz"), parts)
    assert pd.read_csv(unique)["occurrences"].sum() == 1


def test_faults_end_no_search_and_lose_no_structure(handed, tmp_path):
    """Another pressure, a structure that is cut off, another substance: told, and what is whole is relaxed."""
    results = write_results(tmp_path, pressure="3.0")
    (tmp_path / "INPUT.txt").write_text("")
    text = (results / "gatheredPOSCARS").read_text().replace("Si  O\n2  4", "Si  C\n2  4", 1)
    (results / "gatheredPOSCARS").write_text(text[:-40])
    table = structures(handed, tmp_path)
    theirs = pd.read_csv(tmp_path / "out/theirs.csv", keep_default_na=False)
    assert len(table) == 2 and len(theirs) == 4
    assert set(theirs["remark"]) == {"found at 3 GPa, relaxed at 10 GPa", ""} and set(table["pressure_GPa"]) == {10.0}
    refused = dict(zip(theirs["source"], theirs["status"], strict=True))
    assert "no whole formula units" in refused["results1/EA1"] and "cut off" in refused["results1/EA4"]


def test_structures_of_others_are_relaxed_and_listed(handed, tmp_path):
    folder = tmp_path / "theirs"
    write_results(folder / "run")
    (folder / "{hostile} $(x).cif").write_bytes((REPOSITORY / "data/polymorphs/stishovite.cif").read_bytes())
    (folder / "broken.cif").write_text("data_x\n")
    table, out = tmp_path / "structures.csv", tmp_path / "theirs.csv"
    parts = json.loads(settings(Batches, Starts, Relaxation, Symmetry, Trust)) | {"searched": [0.0, PRESSURE_GPA]}
    frames = table.with_suffix(".extxyz")
    given = ([MODEL], folder, handed / "bounds.json", PRESSURE_GPA, table, frames, out, json.dumps(parts))
    run("search_others", *given)
    theirs, rows = pd.read_csv(out), pd.read_csv(table)
    assert len(theirs) == 6 and list(rows["id"]) == [f"p10-others-{k:04d}" for k in range(5)]
    assert sorted(rows["formula_units"]) == [2, 2, 2, 3, 3]
    assert theirs["source"].iloc[-1] == "broken.cif" and theirs["status"].iloc[-1].startswith("refused: ")
    journal = next((tmp_path / "journal").iterdir()).read_text()
    run("search_others", *given)  # after a kill: nothing is relaxed again
    assert next((tmp_path / "journal").iterdir()).read_text() == journal and pd.read_csv(table).equals(rows)
