"""Which explored frames are invalid, and why: densities come from the study's own melts."""

import numpy as np
import pandas as pd
import pytest
from ase.build import bulk

from melt2crystal.errors import UserError
from melt2crystal.explore.geometry import NO_DEVIATION, density_range, geometry_problem, in_words, reasons_of_cells
from melt2crystal.explore.selection import class_table, classify, why_none
from melt2crystal.frames import density_g_per_cm3
from melt2crystal.sections.explore import Select

LIMITS = {"Na-Cl": 1.7, "Na-Na": 2.0, "Cl-Cl": 2.0}


def cell(a: float = 6.2):
    return bulk("NaCl", "rocksalt", a=a)  # molten NaCl: 1.5 g/cm3


@pytest.mark.parametrize(
    "melts, inside, outside",
    [
        ([("NaCl", "rocksalt", 6.2)], [1.2, 1.9], [0.9, 8.0]),  # silica's 1.5 to 8 refused such melts
        ([("Li", "bcc", 3.6)], [0.4, 0.7], [0.2, 1.5]),
        ([("W", "bcc", 3.4), ("W", "bcc", 3.2)], [12, 25], [8.0, 30]),
    ],
)
def test_densities_are_believed_around_those_of_the_melts(melts, inside, outside):
    frames = [bulk(name, lattice, a=a) for name, lattice, a in melts]
    low, high = density_range(Select(), frames)
    assert low == pytest.approx(min(map(density_g_per_cm3, frames)) / 1.5, abs=1e-3)
    assert high == pytest.approx(max(map(density_g_per_cm3, frames)) * 1.5, abs=1e-3)
    assert all(low < density < high for density in inside)
    assert not any(low < density < high for density in outside)
    assert density_range(Select(density_margin=0.1), frames)[0] > low


def test_a_setting_overrides_the_melts():
    assert density_range(Select(density_range_g_per_cm3=(1.5, 8.0)), iter([])) == (1.5, 8.0)
    with pytest.raises(UserError, match="density_range_g_per_cm3"):
        density_range(Select(), [])


def test_each_kind_of_invalid_frame_says_why():
    good, densities = cell(), (1.0, 2.2)
    assert geometry_problem(good, densities, LIMITS) == ""
    assert geometry_problem(None, densities, LIMITS) == "no frame"
    assert geometry_problem(cell(10.0), densities, LIMITS) == "density below 1 g/cm3"
    assert geometry_problem(cell(5.0), densities, LIMITS) == "density above 2.2 g/cm3"
    good.positions[1] = good.positions[0] + [1.6, 0, 0]
    assert geometry_problem(good, densities, LIMITS) == "Na-Cl closer than 1.7 Å"


def test_the_reasons_stand_beside_the_counts_of_each_cell():
    geometry = ["no frame", "", "density below 1 g/cm3", "no frame", "", ""]
    rows = pd.DataFrame({"geometry": geometry, "pressure_GPa": [0, 0, 0, 0, 5, 5], "temperature_K": 1200.0})
    deviation = np.array([0.01, 0.01, 0.01, 0.01, np.nan, 0.01])
    rows["class"] = classify(deviation, (rows["geometry"] == "").to_numpy(), 0.1, 0.3)
    cells = [(0, 1200.0), (5, 1200.0), (9, 1200.0)]
    assert class_table(rows, cells)["invalid"].tolist() == [3, 1, 0]
    assert reasons_of_cells(rows, cells) == ["2 no frame; 1 density below 1 g/cm3", f"1 {NO_DEVIATION}", ""]


def test_a_round_without_frames_to_label_says_why_they_are_invalid():
    counts = class_table(pd.DataFrame(columns=["pressure_GPa", "temperature_K", "class"]), [(0, 1200)])
    counts["invalid"] = 40
    assert "40 invalid (40 density below 1.5 g/cm3)" in why_none(counts, in_words(["density below 1.5 g/cm3"] * 40))
