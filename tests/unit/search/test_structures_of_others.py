"""Structures of somebody else's search: every format, every structure, and each fault by its name."""

import gzip
import os

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from melt2crystal.errors import UserError
from melt2crystal.search.others.contents import digest_of
from melt2crystal.search.others.files import read_structures
from melt2crystal.search.others.relaxing import candidates, counted, of_pressure, their_rows
from melt2crystal.search.others.structure import Theirs, usable
from melt2crystal.structure.crystals import read_crystal
from tests.helpers.checkout import REPOSITORY
from tests.helpers.uspex_cases import crystals, poscar, write_results

SPECIES, SILICA = ["Si", "O"], {"Si": 1, "O": 2}
CIF = (REPOSITORY / "data/polymorphs/alpha_quartz.cif").read_text()
HOSTILE = [
    "$(touch RAN).cif",
    "{wildcards.pressure}.cif",
    "a\nb.cif",
    "-rf.cif",
    "ü <b>.cif",
    os.fsdecode(b"\xff\xfe.cif"),
]


def res(name: str, pressure: str, enthalpy: str, atoms=None, end: str = "END", number: str = "") -> str:
    """One structure as AIRSS writes it: TITL name pressure volume enthalpy spin |spin| atoms (group) n - copies."""
    atoms = crystals()[1] if atoms is None else atoms
    lengths = " ".join(f"{x:.5f}" for x in atoms.cell.cellpar())
    title = (
        f"TITL {name} {pressure} {atoms.get_volume():.4f} {enthalpy} 0.00 0.00 {number or len(atoms)} (P42/mnm) n - 3"
    )
    rows = zip(atoms.get_chemical_symbols(), atoms.get_scaled_positions(), strict=True)
    sites = [f"{s:4s} {SPECIES.index(s) + 1} {x:.8f} {y:.8f} {z:.8f} 1.0" for s, (x, y, z) in rows]
    return "\n".join([title, f"CELL 1.54180 {lengths}", "LATT -1", "SFAC Si O", *sites, end, ""])


@pytest.fixture
def folder(tmp_path):
    """One structure in each format, and one folder of USPEX."""
    quartz, stishovite = crystals()[2], crystals()[1]
    (tmp_path / "quartz.cif").write_text(CIF)
    (tmp_path / "POSCAR_1").write_text("\n".join(["stishovite", *poscar(1, stishovite).splitlines()[1:]]))
    (tmp_path / "b.vasp").write_text("\n".join(["x", *poscar(1, stishovite).splitlines()[1:]]))
    (tmp_path / "pack.res").write_text(res("Si2O4-1", "10.0", "-57.6") + res("Si2O4-2", "0.0", "-57.0"))
    frame = stishovite.copy()
    frame.calc = SinglePointCalculator(frame, energy=-60.0)
    frame.info["pressure_GPa"] = 10.0
    write(tmp_path / "deep.extxyz", [frame, quartz], format="extxyz")
    with gzip.open(tmp_path / "packed.xyz.gz", "wb") as handle:
        handle.write((tmp_path / "deep.extxyz").read_bytes())
    write_results(tmp_path / "inside/uspex")
    (tmp_path / "inside/gathered.txt").write_text(poscar(7, quartz))
    return tmp_path


def test_every_format_is_read(folder):
    taken, refused = read_structures(folder, SPECIES)
    assert refused == []
    by_source = {one.source: one for one in taken}
    assert list(by_source) == [
        *(f"inside/uspex/results1/EA{k}" for k in (1, 2, 3, 4)),
        *("POSCAR_1", "b.vasp", "deep.extxyz, frame 0", "deep.extxyz, frame 1", "pack.res, structure 1"),
        *("pack.res, structure 2", "packed.xyz.gz, frame 0", "packed.xyz.gz, frame 1", "quartz.cif"),
        "inside/gathered.txt, EA7",
    ]
    first = by_source["pack.res, structure 1"]
    assert (first.pressure_GPa, first.enthalpy_eV_per_atom) == (10.0, pytest.approx(-9.6))
    frame = by_source["deep.extxyz, frame 0"]
    assert (frame.pressure_GPa, frame.energy_eV_per_atom) == (10.0, pytest.approx(-10.0))
    assert by_source["quartz.cif"].pressure_GPa is None and by_source["deep.extxyz, frame 1"].energy_eV_per_atom is None
    assert len(usable(taken, SILICA)[0]) == len(taken)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("broken.cif", CIF[:400], "broken.cif"),
        ("two.cif", CIF + CIF, "two.cif"),
        ("cut.res", res("a", "0", "-57", end=""), "cut off: it has no line END"),
        ("lost.res", res("a", "0", "-57").replace("Si   1 0.0", "Si   1 x.0"), "says 6 atoms in TITL, and 5"),
        ("no.res", "CELL 1 2 3\n", "no TITL"),
        ("POSCAR", "a\n1.0\n1 0 0\n", "cut off after 3 lines"),
        ("nameless.vasp", poscar(1, crystals()[1], named=False).replace("EA1", "x"), "names no species"),
        ("broken.extxyz", "6\nLattice=\"1 0 0\"\nSi 0 0 0\n", "not readable as extended XYZ"),
        ("bytes.extxyz.gz", b"\x00\xff\x1f\x8b", "can't be read"),
        ("bytes.vasp", b"\x00\xff" * 50, "cut off"),
        ("notes.txt", "nothing", "left out: by its name no file of structures"),
        ("empty.cif", "", "empty.cif"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_and_the_others_are_kept(folder, name, content, said):
    whole = read_structures(folder, SPECIES)[0]
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    taken, refused = read_structures(folder, SPECIES)
    assert [one.source for one in taken] == [one.source for one in whole]
    assert (
        len(refused) == 1 and refused[0].source.startswith(name) and said in f"{refused[0].source} {refused[0].reason}"
    )


def test_a_folder_of_an_unknown_version_is_named_and_the_files_beside_it_are_kept(folder):
    (folder / "inside/uspex/results1/OUTPUT.txt").write_text("USPEX 26.1\n")
    taken, refused = read_structures(folder, SPECIES)
    assert len(taken) == 10 and "USPEX 26.1" in refused[0].reason and refused[0].source == "inside/uspex/"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_names(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / name).write_text(CIF)
    taken, refused = read_structures(tmp_path / "given", SPECIES)
    assert len(taken) == 1 and refused == [] and taken[0].source.isprintable()
    taken[0].source.encode()  # whatever the bytes of the name were
    assert not (tmp_path / "RAN").exists()


def test_two_runs_of_uspex_and_a_run_beside_a_run_are_told_apart(tmp_path):
    for name in ("a", "b", ""):
        write_results(tmp_path / name)
    taken, refused = read_structures(tmp_path, SPECIES)
    numbers = [f"results1/EA{k}" for k in (1, 2, 3, 4)]
    assert [one.source for one in taken] == [*numbers, *(f"{name}/{one}" for name in "ab" for one in numbers)]
    assert refused == []


def test_links_and_pipes_do_not_stop_the_reading(tmp_path):
    (tmp_path / "gone.cif").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.cif")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "quartz.cif").write_text(CIF)
    taken, refused = read_structures(tmp_path, SPECIES)
    assert [one.source for one in taken] == ["quartz.cif"]
    assert {one.source for one in refused} == {"gone.cif", "pipe.cif"}


def test_one_file_alone_is_a_search_too_and_nothing_is_a_mistake(tmp_path):
    (tmp_path / "a.res").write_text(res("a", "3.0", "-57.6"))
    taken, _ = read_structures(tmp_path / "a.res", SPECIES)
    assert [one.source for one in taken] == ["a.res"]
    for path in (tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(UserError, match="holds no file"):
            read_structures(path, SPECIES)


def test_other_substances_clusters_and_nonsense_are_refused():
    quartz = read_crystal(REPOSITORY / "data/polymorphs/alpha_quartz.cif")
    lonely = quartz.copy()
    lonely.pbc = False
    endless = quartz.copy()
    endless.positions[0] = np.nan
    flat = quartz.copy()
    flat.set_cell([5, 5, 0.1])
    given = [
        Theirs(name, atoms) for name, atoms in zip("abcde", (quartz, quartz[:4], lonely, endless, flat), strict=True)
    ]
    taken, refused = usable(given, SILICA)
    assert [one.source for one in taken] == ["a"] and [one.source for one in refused] == list("bcde")


def test_a_structure_belongs_where_it_was_found_or_everywhere():
    atoms = crystals()[1]
    given = [Theirs("at ten", atoms, 10.0), Theirs("at three", atoms, 3.0), Theirs("anywhere", atoms)]
    taken, left = of_pressure(given, 0.0, [0.0, 10.0])
    assert [one.source for one in taken] == ["at three", "anywhere"] and [one.source for one in left] == ["at ten"]
    assert taken[0].remark == "found at 3 GPa, relaxed at 0 GPa" and taken[1].remark == ""
    assert [one.source for one in of_pressure(given, 10.0, [0.0, 10.0])[0]] == ["at ten", "at three", "anywhere"]


def test_everything_that_was_found_has_a_row(folder):
    (folder / "broken.cif").write_text("x")
    taken, refused = read_structures(folder, SPECIES)
    asked = candidates(taken, "p10-others", SPECIES)
    assert len({one.name for one in asked}) == len(taken) and all(one.as_it_is for one in asked)
    rows = their_rows(taken, refused, asked, [({"status": "insane: x"}, None)] * len(taken))
    assert len(rows) == len(taken) + 1 and rows[-1]["status"].startswith("refused: ")
    assert counted(rows).startswith(f"{len(taken)} structures taken, 0 of them sound after relaxation; 1 refused\n")


def test_the_digest_is_of_names_and_contents(tmp_path):
    assert digest_of(tmp_path) == digest_of(tmp_path / "none") == ""
    (tmp_path / "a").write_text("1")
    one = digest_of(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    other = digest_of(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({one, other, digest_of(tmp_path), ""}) == 4
