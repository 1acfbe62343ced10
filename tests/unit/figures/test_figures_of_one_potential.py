"""Figures 1 and 2 of one potential alone, and of crystals whose labels failed."""

import numpy as np
import pandas as pd
import pytest

from melt2crystal.sections.figures import Figures
from tests.helpers.programs import program

FIGURES = Figures()
SCALES = (0.92, 0.96, 1.0, 1.04, 1.08)


def curve(shift: float, members: int, names=("quartz", "stishovite"), without=()) -> pd.DataFrame:
    rows = [
        {
            "polymorph": name,
            "volume_scale": scale,
            "volume_A3_per_formula": 40 * scale,
            "member": member,
            "energy_eV_per_atom": 5 * (scale - 1) ** 2 + shift,
        }
        for name in names
        for scale in SCALES
        for member in (-1, *range(members))
        if (name, scale) not in without
    ]
    return pd.DataFrame(rows)


def energy_volume(curves: dict[str, pd.DataFrame]):
    polymorphs = {name: {"title": name, "space_group": 1} for name in ("quartz", "stishovite")}
    fits = pd.DataFrame(columns=["polymorph", "potential", "member", *program("figures_energy_volume").FITTED])
    return program("figures_energy_volume").draw(FIGURES, polymorphs, curves, fits, {}, 3)


@pytest.mark.parametrize("potentials", [("hp",), ("hp", "lp")])
def test_figure_1_has_the_panels_of_the_potentials_there_are(potentials):
    arrays = {
        "energy_reference": np.array([-20.0, -19.9]),
        "energy_model": np.array([-20.0, -19.8]),
        "pressure_GPa": np.array([0.0, 0.0]),
        "forces_reference": np.zeros(12),
        "forces_model": np.full(12, 0.1),
        "pressure_of_component_GPa": np.zeros(12),
    }
    figure = program("figures_parity").draw(FIGURES, dict.fromkeys(potentials, arrays))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [f"{name.upper()}, {what}" for name in potentials for what in ("energy", "forces")]


@pytest.mark.parametrize("potentials, members", [(("hp",), 1), (("hp",), 2), (("lp", "hp"), 2)])
def test_figure_2_is_drawn_for_the_potentials_there_are(potentials, members):
    curves = {name: curve(0.1, members) for name in potentials} | {"reference": curve(0.0, 0)}
    figure = energy_volume(curves)
    words = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert any("HP" in word for word in words) and any("LP" in word for word in words) == ("lp" in potentials)
    assert any("range of the members" in word for word in words) == (members > 1)


@pytest.mark.parametrize(
    "without",
    [
        [("stishovite", 1.0)],
        [("stishovite", scale) for scale in SCALES],
        [("quartz", 0.92), ("quartz", 1.08), ("stishovite", 0.96)],
    ],
)
def test_labels_that_failed_leave_a_gap_in_figure_2_and_in_the_errors(without, tmp_path):
    names = [name for name in ("quartz", "stishovite") if {(name, scale) for scale in SCALES} - set(without)]
    reference, hp = curve(0.0, 0, without=without), curve(0.1, 2)
    figure = energy_volume({"hp": hp, "reference": reference})
    told = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert ("no label of the reference" in told) == (len(names) < 2)
    errors = program("benchmark_errors")
    merged = hp.merge(reference, on=["polymorph", "volume_scale"], suffixes=("", "_reference"))
    merged["difference"] = 1000 * (merged.energy_eV_per_atom - merged.energy_eV_per_atom_reference)
    merged["group"] = "all crystals"
    table = errors.of_each_polymorph(merged, "hp", dict.fromkeys(names, 4))
    assert table["polymorph"].tolist() == names
    assert table["rms_raw_meV_per_atom"].to_numpy() == pytest.approx(100)


@pytest.mark.parametrize("members", [1, 2])
def test_one_member_has_no_spread(members):
    errors = program("benchmark_errors")
    points = curve(0.1, members).assign(difference=100.0, group="tetrahedral")
    table = errors.of_each_polymorph(points, "hp", {"quartz": 4, "stishovite": 6})
    assert table["rms_shifted_min_member"].isna().all() == (members == 1)
    groups = errors.errors_of_groups(points)
    assert len(groups["all"]["shifted_members_meV_per_atom"]) == (0 if members == 1 else 2)
