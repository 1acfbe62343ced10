"""A search without a study, from Python: what it takes, what it leaves, and that nothing decides but the request."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames
from melt2crystal.search.alone.beginning import CELLS, of_random_cells, overlaps, reasons, sphere_volume
from melt2crystal.search.alone.known import crystals_of
from melt2crystal.search.alone.melts_from_files import melts_of
from melt2crystal.search.alone.results import cif_of, folder_for
from melt2crystal.search.api import search
from melt2crystal.structure.crystals import read_crystal, space_group
from tests.helpers.checkout import REPOSITORY

MODEL = REPOSITORY / "tests/data/silica-of-a-minute.pb"
GUIDE = "docs/guides/search-alone.md"
SILICA = {"Si": 1, "O": 2}
FILES = ("found.csv", "relaxations.csv", "structures.extxyz", "beginning.json")


def small(folder, **changes):
    """A search of seconds: 6 and 6 relaxations."""
    words = {"relaxations": 12, "formula_units": [1, 2], "pressure_GPa": 10.0, "say": lambda _: None}
    return search("SiO2", MODEL, out=folder, **(words | changes))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "undisturbed"
    lines: list[str] = []
    return small(folder, say=lines.append), lines


def test_what_a_search_leaves(undisturbed):
    found, lines = undisturbed
    table = pd.read_csv(found.folder / "found.csv")
    assert list(table["id"]) == list(found.table["id"]) and len(table) == len(found.structures) > 1
    above = table["enthalpy_above_lowest_eV_per_atom"]
    assert above[0] == 0 and above.is_monotonic_increasing
    assert table["known"].isna().all() and table["deviation_eV_per_A"].isna().all()
    frames = read_frames(found.folder / "structures.extxyz")
    assert [frame.info["id"] for frame in frames] == list(table["id"])
    files = sorted((found.folder / "structures").glob("*.cif"))
    assert len(files) == min(50, len(table))
    for path, (_, row), frame in zip(files, table.iterrows(), frames, strict=False):
        assert path.name.endswith(f"-sg{row['space_group']}-{row['id']}.cif")
        crystal = read_crystal(path)
        assert crystal.get_volume() / len(crystal) == pytest.approx(frame.get_volume() / len(frame), rel=2e-3)
    told = json.loads((found.folder / "search.json").read_text())
    assert told["settings"]["formula"] == SILICA and told["settings"]["seed"] == 1
    assert told["relaxations"] == found.relaxations == 12 == len(pd.read_csv(found.folder / "relaxations.csv"))
    assert len(told["potential"][0]["sha256"]) == 64 and told["versions"]["ase"]
    text = "\n".join(lines)
    assert "one member" in text and f"{CELLS} random cells of 24 atoms" in text and "best so far" in text


def test_stopped_and_taken_up_with_other_workers_it_is_the_same(undisturbed, tmp_path):
    found, _ = undisturbed

    def stops(line: str) -> None:
        if line.startswith("generation 0") and "z1" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "stopped", say=stops)
    stopped = pd.read_csv(tmp_path / "stopped/found.csv")
    assert len(stopped) > 0 and set(stopped["formula_units"]) == {1}
    assert json.loads((tmp_path / "stopped/search.json").read_text())["ended"] == "stopped"
    lines: list[str] = []
    small(tmp_path / "stopped", resume=True, workers=2, say=lines.append)
    assert any("batches are in" in line for line in lines)
    for name in FILES:
        assert (tmp_path / "stopped" / name).read_bytes() == (found.folder / name).read_bytes(), name


def test_the_guide_runs_as_it_stands(undisturbed, tmp_path, monkeypatch, capsys):
    (tmp_path / "models/hp").mkdir(parents=True)
    shutil.copy(MODEL, tmp_path / "models/hp/0.pb")
    monkeypatch.chdir(tmp_path)
    (shown,) = re.findall(r"^```python\n(.*?)^```", (REPOSITORY / GUIDE).read_text(), re.MULTILINE | re.DOTALL)
    exec(compile(shown, GUIDE, "exec"), {})
    assert "space_group" in capsys.readouterr().out
    assert len(read_crystal(tmp_path / "lowest.cif")) in (3, 6)
    for name in FILES:  # those of the same search from elsewhere, with the model under another name
        assert (tmp_path / "silica-10GPa" / name).read_bytes() == (undisturbed[0].folder / name).read_bytes()


def test_known_crystals_name_and_decide_nothing(undisturbed, tmp_path):
    found, _ = undisturbed
    library = tmp_path / "known"
    library.mkdir()
    for number, atoms in enumerate(found.structures[:2]):
        write(library / f"crystal{number}.cif", atoms)
    (library / "broken.cif").write_text("data_x\n")
    (library / "cut.cif").write_bytes((library / "crystal0.cif").read_bytes()[:200])
    (library / "folder.cif").mkdir()
    (library / "nowhere.cif").symlink_to(tmp_path / "nothing")
    write(library / "copper.cif", bulk("Cu"))
    lines: list[str] = []
    named = small(tmp_path / "named", known=library, say=lines.append)
    assert "crystal0" in str(named.table["known"][0])
    pd.testing.assert_frame_equal(named.table.drop(columns="known"), found.table.drop(columns="known"))
    text = "\n".join(lines)
    left_out = [line for line in lines if line.startswith("--known: left out")]
    assert [any(name in line for line in left_out) for name in ("broken", "cut", "folder", "nowhere")] == [True] * 4
    assert "polymorphs" not in text and "1 of 7 files have another composition" in text


def test_melts_of_any_format_give_volumes_and_starts(tmp_path):
    melts = read_frames(REPOSITORY / "tests/data/melts.extxyz")
    write(tmp_path / "POSCAR", melts[0], sort=True)
    write(tmp_path / "melt.data", melts[-1], format="lammps-data", specorder=["Si", "O"], masses=True)
    files = [tmp_path / "POSCAR", tmp_path / "melt.data"]
    read = melts_of(files, SILICA)
    assert [len(atoms) for atoms in read] == [len(melts[0]), len(melts[-1])]
    assert read[1].symbols.count("O") == 2 * read[1].symbols.count("Si")
    found = small(tmp_path / "out", melts=files, relaxations=4, formula_units=[2])
    assert "melt" in set(pd.read_csv(found.folder / "relaxations.csv")["origin"])


def test_other_folders_are_refused(undisturbed, tmp_path):
    found, _ = undisturbed
    with pytest.raises(UserError, match=r"holds beginning.extxyz.*--resume"):
        small(found.folder)
    with pytest.raises(UserError, match=r"pressure_GPa was 10.0, is 3.0"):
        small(found.folder, resume=True, pressure_GPa=3.0)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="no search that could go on"):
        small(tmp_path, resume=True)
    with pytest.raises(UserError, match="can't be written to"):
        folder_for(tmp_path / "file/below", resume=False)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "said"), [("copper", "is Cu1?, no melt of SiO2"), ("gas", "pbc|no cell"), ("text", "ASE can't read it")]
)
def test_melts_that_are_none_are_told(name, said, tmp_path):
    path = tmp_path / f"{name}.extxyz"
    if name == "text":
        path.write_text("no frame\n")
    else:
        write(path, bulk("Cu") if name == "copper" else Atoms("SiO2", np.eye(3) * 2))
    with pytest.raises(UserError, match=said):
        melts_of([path], SILICA)
    with pytest.raises(UserError, match="no such file"):
        melts_of([tmp_path / "nothing"], SILICA)


def result_of(edge_A: float, energy_eV_per_atom: float) -> dict:
    atoms = bulk("Cu", "sc", a=edge_A).repeat(2)
    return {
        "status": "ok",
        "energy_eV": energy_eV_per_atom * 8,
        "symbols": atoms.get_chemical_symbols(),
        "cell": atoms.cell.array.tolist(),
        "positions": atoms.get_positions().tolist(),
    }


def test_what_random_cells_say():
    sound = [result_of(2.3 + 0.02 * k, -3 + 0.05 * k) for k in range(10)]
    hole, lost = result_of(2.0, -30), {"status": "insane: volume 0.81 Å³ per atom is outside 3-9"}
    made = of_random_cells([*sound, hole, lost], {"Cu": 1}, 0.0)
    assert made.bounds.lowest_eV_per_atom == -3  # not the hole
    assert made.bounds.volumes_A3_per_atom == pytest.approx((2.3**3, 2.38**3))  # the lower half
    assert made.bounds.melts == 10 and "1 far below" in made.told and "1 unsound" in made.told
    assert made.substance.minimum_distances_A["Cu-Cu"] == pytest.approx(0.7 * 2.39, abs=1e-3)
    assert made.substance.bond_cutoff_A == pytest.approx(1.3 * 2.39, abs=1e-3)
    with pytest.raises(UserError, match=r"4 of 7 random cells .*4 ok; 3 insane: volume 0.81"):
        of_random_cells([*sound[:4], lost, lost, lost], {"Cu": 1}, 0.0)
    assert reasons(["failed: a 1", "failed: a 2", "ok"]) == "2 failed: a 1; 1 ok"


def test_radii_keep_atoms_apart_and_no_more():
    assert overlaps(["Si", "O"]) == pytest.approx({"Si-Si": 1.11, "Si-O": 0.885, "O-O": 0.66})
    assert sphere_volume(SILICA) == pytest.approx((5.73 + 2 * 1.204) / 3, rel=1e-3)


def test_a_cif_keeps_symmetry_and_all_atoms(tmp_path):
    quartz = read_crystal(REPOSITORY / "data/polymorphs/alpha_quartz.cif")
    for number, symprec in ((space_group(quartz), 0.01), (1, None)):
        (tmp_path / "one.cif").write_text(cif_of(quartz, number, symprec))
        back = read_crystal(tmp_path / "one.cif")
        assert (len(back), space_group(back)) == (len(quartz), space_group(quartz))
        assert back.get_volume() == pytest.approx(quartz.get_volume(), rel=1e-5)


def test_a_library_without_a_crystal_of_the_substance_is_told(tmp_path):
    with pytest.raises(UserError, match="no CIF file"):
        crystals_of(tmp_path, SILICA, print)
    write(tmp_path / "copper.cif", bulk("Cu"))
    with pytest.raises(UserError, match="none of 1 CIF files"):
        crystals_of(tmp_path, SILICA, print)


@pytest.mark.slow
def test_the_lowest_crystal_of_emt_aluminium_is_found(tmp_path):
    """hcp for this potential, 3.9 meV/atom below fcc and 10.8 below bcc, as crystals relaxed directly say."""
    found = search(
        "Al", "ase.calculators.emt:EMT", relaxations=60, formula_units=[1, 2, 4], out=tmp_path / "out", workers=2
    )
    lowest = found.table.head(3)
    assert list(lowest["space_group"]) == [194, 225, 229]
    above = lowest["enthalpy_above_lowest_eV_per_atom"].to_numpy(dtype=float)
    assert above == pytest.approx([0, 0.0039414, 0.0107697], abs=3e-4)
