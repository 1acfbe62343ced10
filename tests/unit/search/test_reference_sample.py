"""Which structures get a reference energy: the lowest, and a spread above them with insane ones among them."""

import json

import numpy as np
import pandas as pd
import pytest
from ase import Atoms

from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.search.candidate import Candidate
from melt2crystal.search.found.table import UNIQUE, as_table, read_table, write_table
from melt2crystal.search.phases.sample import insane_frame, spread
from melt2crystal.sections.substance import Substance
from tests.helpers.programs import program


def test_a_spread_covers_the_energies_evenly_although_most_structures_are_low():
    rng = np.random.default_rng(3)
    energies = np.concatenate([-8 + 0.2 * rng.random(500), -8 + 5 * rng.random(40)])
    chosen = energies[spread(energies, 20, 5.0, -8.0)]
    counts = np.histogram(chosen, bins=5, range=(-8.0, -3.0))[0]
    assert counts.sum() == 20 and counts.min() >= 3 and counts.max() <= 6
    at_random = rng.choice(energies, 20, replace=False)
    assert np.histogram(at_random, bins=5, range=(-8.0, -3.0))[0].max() > 15


def test_a_spread_takes_what_there_is_and_nothing_outside():
    assert spread([-8.0, -7.0, 3.0, -9.0], 10, 5.0, -8.0) == [0, 1]
    assert spread([], 10, 5.0, -8.0) == [] and spread([-8.0, -7.5], 0, 5.0, -8.0) == []
    assert len(spread(np.full(30, -8.0), 7, 5.0, -8.0)) == 7  # all in one part of the axis


GOOD = {
    "symbols": ["Si", "O", "O"],
    "cell": (5 * np.eye(3)).tolist(),
    "positions": [[0, 0, 0], [1.7, 0, 0], [0, 1.7, 0]],
}
DISTANCES = Substance().minimum_distances_A


@pytest.mark.parametrize(
    ("result", "status", "kept"),
    [
        (GOOD, "insane: volume 41.00 is outside", True),
        (GOOD, "insane: the members' forces deviate", True),
        ({**GOOD, "positions": [[0, 0, 0], [0.3, 0, 0], [0, 1.7, 0]]}, "insane: Si-O distance", False),
        ({}, "insane: energy, forces or stress are not finite", False),
        ({}, "failed: RuntimeError", False),
        (GOOD, "ok", False),
    ],
)
def test_what_is_insane_stays_with_its_status_unless_atoms_collide(result, status, kept):
    frame = insane_frame(Candidate("p0-z1-g00-0001", 0, 1), result, None, status, DISTANCES)
    assert (frame is not None) == kept
    if frame is not None:
        assert (frame.info["id"], frame.info["status"]) == ("p0-z1-g00-0001", status)


def test_a_request_holds_the_lowest_and_the_spread_and_the_insane_have_a_table(tmp_path):
    def frame(name: str, edge: float) -> Atoms:
        places = [[0, 0, 0], [0.35, 0, 0], [0, 0.35, 0]]
        atoms = canonical_frame(Atoms("SiO2", scaled_positions=places, cell=[edge] * 3, pbc=True))
        atoms.info["id"] = name
        return atoms

    names = [f"p0-z1-g00-{k:04d}" for k in range(12)]
    energies = np.linspace(-8.0, -6.9, 12)
    frames = [frame(name, 5.0 + 0.01 * k) for k, name in enumerate(names)]
    rows = [
        {"id": name, "generation": 0, "origin": "p1", "formula_units": 1, "pressure_GPa": 0.0, "status": "ok",
         "energy_eV_per_atom": energy, "enthalpy_eV_per_atom": energy, "volume_A3_per_atom": 41.0, "space_group": 1,
         "occurrences": 1}
        for name, energy in zip(names, energies, strict=True)
    ]  # fmt: skip
    write_table(tmp_path / "unique.csv", as_table(rows, UNIQUE), UNIQUE)
    write_frames(tmp_path / "unique.extxyz", frames)
    insane = []
    for k, energy in enumerate((-5.0, -4.0, 2.0)):
        insane.append(frame(f"p0-z1-g00-9{k:03d}", 6.0 + 0.1 * k))
        insane[-1].info |= {"status": "insane: a hole", "energy_eV_per_atom": energy}
    write_frames(tmp_path / "insane.extxyz", insane)
    text = {"search.labelled_structures": 3, "search.sampled_structures": 5, "search.sample_range_eV_per_atom": 5.0}
    text["substance"] = json.loads(Substance().model_dump_json())
    program("search_request").search_request(
        tmp_path / "unique.csv", tmp_path / "unique.extxyz", 0.0, tmp_path / "requested.extxyz",
        tmp_path / "sampled.csv", tmp_path / "sampled.extxyz", json.dumps(text), [tmp_path / "insane.extxyz"],
    )  # fmt: skip
    asked = read_frames(tmp_path / "requested.extxyz")
    assert len(asked) == 8
    assert [round(float(a.cell[0, 0]), 2) for a in asked[:3]] == [5.0, 5.01, 5.02]
    table = read_table(tmp_path / "sampled.csv", UNIQUE)
    assert list(table["id"]) == ["p0-z1-g00-9000", "p0-z1-g00-9001"]  # 10 eV/atom above is beyond the range
    assert set(table["status"]) == {"insane: a hole"} and pd.notna(table["energy_eV_per_atom"]).all()
    assert [a.info["id"] for a in read_frames(tmp_path / "sampled.extxyz")] == list(table["id"])
