"""Saddle points are told from minima; found structures meet their labels."""

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.errors import UserError
from melt2crystal.frames import canonical_frame
from melt2crystal.search.found.minima import add_descendants, descendants_of, to_be_tested, unique_rows
from melt2crystal.search.found.table import STRUCTURES, as_table, with_reference
from melt2crystal.sections.search import Unique

WINDOWS = Unique(same_enthalpy_meV_per_atom=3.0, same_volume_percent=1.5)


def crystal(name: str, edge_A: float, ratio: float = 1.0) -> Atoms:
    cell = np.diag([edge_A, edge_A, ratio * edge_A])
    atoms = canonical_frame(Atoms("ArKr", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=cell, pbc=True))
    atoms.info["id"] = name
    return atoms


def row(name: str, origin: str, enthalpy: float, parents: str | None = None, status: str = "ok") -> dict:
    known = {"id": name, "generation": 0, "origin": origin, "parents": parents, "formula_units": 1, "status": status}
    if status != "ok":
        return known
    numbers = {"enthalpy_eV_per_atom": enthalpy, "energy_eV_per_atom": enthalpy, "volume_A3_per_atom": 13.5}
    return {**known, **numbers, "space_group": 221}


FRAMES = {
    "a": crystal("a", 3.0),
    "b": crystal("b", 3.0),
    "c": crystal("c", 3.0, 1.4),
    "d": crystal("d", 3.0, 1.9),
}
RELAXED = as_table(
    [
        row("a", "symmetric", -3.0),
        row("b", "p1", -2.9999),
        row("c", "symmetric", -2.0),
        row("d", "symmetric", -1.0),
    ],
    STRUCTURES,
)


def test_a_structure_also_reached_without_symmetry_is_a_minimum():
    unique = unique_rows(RELAXED, FRAMES, WINDOWS)
    assert list(unique["id"]) == ["a", "c", "d"]
    assert list(unique["occurrences"]) == [2, 1, 1]
    assert bool(unique.loc[0, "is_minimum"])
    assert unique["is_minimum"].isna().tolist() == [False, True, True]
    assert to_be_tested(unique, 5) == ["c", "d"]
    assert to_be_tested(unique, 1) == ["c"]


def test_descendants_decide():
    candidates = descendants_of(["c", "d"], FRAMES)
    assert [c.name for c in candidates] == ["c-r", "d-r"]
    back, rolled = crystal("c-r", 3.0, 1.4), crystal("d-r", 3.0, 2.4)
    frames = FRAMES | {"c-r": back, "d-r": rolled}
    born = as_table([row("c-r", "descendant", -1.9999, "c"), row("d-r", "descendant", -1.5, "d")], STRUCTURES)
    unique = add_descendants(RELAXED, born, frames, WINDOWS).set_index("id")
    assert list(unique.index) == ["a", "c", "d-r", "d"]
    assert bool(unique.loc["c", "is_minimum"])
    assert not bool(unique.loc["d", "is_minimum"])
    assert bool(unique.loc["d-r", "is_minimum"])
    assert unique.loc["d-r", "parents"] == "d"


def test_a_failed_test_leaves_the_question_open():
    born = as_table([row("c-r", "descendant", 0.0, "c", status="failed: x")], STRUCTURES)
    unique = add_descendants(RELAXED, born, FRAMES, WINDOWS).set_index("id")
    assert pd.isna(unique.loc["c", "is_minimum"])


def test_found_structures_meet_their_labels_by_frame_id():
    unique = unique_rows(RELAXED, FRAMES, WINDOWS)
    frames = [FRAMES[name] for name in unique["id"]]
    labelled = frames[1].copy()  # the label files keep no search id
    labelled.info.pop("id")
    labelled.calc = SinglePointCalculator(labelled, energy=-4.2)
    ids = [frame.info["frame_id"] for frame in frames]
    statuses = pd.DataFrame({"frame_id": ids[:2], "status": ["crashed", "ok"], "reason": ["exit 1", ""]})
    energies = np.array([[-6.0, -4.0, -2.0], [-6.2, -4.0, -2.4]])
    found = with_reference(unique, frames, energies, [labelled], statuses)
    assert list(found["reference_status"]) == ["crashed: exit 1", "ok", "not requested"]
    assert found["energy_reference_eV_per_atom"].isna().tolist() == [True, False, True]
    assert found.loc[1, "energy_reference_eV_per_atom"] == pytest.approx(-2.1)
    assert found["energy_hp_mean_eV_per_atom"].tolist() == pytest.approx([-3.05, -2.0, -1.1])
    assert found["energy_hp_std_eV_per_atom"].tolist() == pytest.approx([0.05, 0.0, 0.1])
    with pytest.raises(UserError, match="differ"):
        with_reference(unique, frames[::-1], energies, [labelled], statuses)
