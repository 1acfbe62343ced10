from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from melt2crystal.liquid.packing import random_packing
from melt2crystal.liquid.walks import hot_to_cold, run_walks, schedule
from melt2crystal.sections.liquid import Liquid
from melt2crystal.sections.substance import PressureRow, Substance
from tests.helpers.programs import program

ROOT = Path(__file__).parents[3]
SUBSTANCE = Substance()


def walks(folder, temperatures, seed=5, frames=4, **changes):
    brief = {"melt_ps": 0.15, "equilibrate_ps": 0.05, "walk_ps": 0.2, "formula_units": 8}
    liquid = Liquid(**{**brief, "potential": str(ROOT / "data/potentials/silica_bks.lmp"), **changes})
    start = random_packing(
        SUBSTANCE.formula, liquid.formula_units, 2.2, SUBSTANCE.minimum_distances_A, np.random.default_rng(seed)
    )
    row = PressureRow(pressure_GPa=15.0, temperatures_K=temperatures, melt_temperature_K=6000.0)
    return run_walks(start, liquid, SUBSTANCE.species, row, frames, seed, folder)


def test_schedule_gives_the_frames_and_enough_samples():
    plan = schedule(Liquid(walk_ps=5, time_step_fs=1.0), 50)
    assert (plan.every, plan.each, plan.walk) == (50, 2, 5000)
    few = schedule(Liquid(walk_ps=5), 6)
    assert few.walk // few.every >= 100
    assert few.walk == few.every * few.each * 6
    assert few.walk == pytest.approx(5000, rel=0.02)


def test_cooling_only():
    assert hot_to_cold([3000, 4500, 4000]) == [4500, 4000, 3000]


def test_walks_have_frames_thermo_and_diffusion(tmp_path):
    found = walks(tmp_path, [4000, 5000])
    assert [walk.temperature_K for walk in found] == [5000, 4000]
    for walk in found:
        assert walk.status == "ok"
        assert len(walk.frames) == 4
        assert set(walk.diffusion) == {"Si", "O"}
        assert walk.thermo["time_ps"].iloc[-1] == pytest.approx(0.2, rel=0.02)
        density = walk.frames[-1].get_masses().sum() / walk.frames[-1].get_volume() * 1.66053907
        assert density == pytest.approx(walk.thermo["density_g_per_cm3"].iloc[-1], rel=0.02)
        assert walk.frames[0].get_chemical_formula() == "O16Si8"
        assert np.abs(walk.frames[0].positions - walk.frames[-1].positions).max() > 0.1


def test_same_seed_same_frames(tmp_path):
    results = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        results.append(walks(tmp_path / name, [5000])[0].frames[-1].positions)
    assert np.array_equal(*results)


def test_exploding_walk_hurts_no_other(tmp_path, monkeypatch):
    """The middle walk is told to halt: it is recorded, and the colder one starts from the hotter one's end."""
    import melt2crystal.liquid.walks as module

    untouched = module.walk_commands

    def sabotage(liquid, temperature, pressure, plan, index):
        text = untouched(liquid, temperature, pressure, plan, index)
        return text.replace("fix control", "velocity all scale 90000000\nfix control") if index == 1 else text

    monkeypatch.setattr(module, "walk_commands", sabotage)
    found = walks(tmp_path, [5000, 4500, 4000])
    assert [walk.status == "ok" for walk in found] == [True, False, True]
    assert found[1].status.startswith("exploded: ERROR")
    assert found[1].frames == []
    assert len(found[2].frames) == 4


@pytest.fixture
def exploding(monkeypatch):
    """The fresh melt is heated until LAMMPS gives it up."""
    import melt2crystal.liquid.walks as module

    untouched = module.melt_commands
    heat = ("fix control", "velocity all scale 90000000\nfix control")
    monkeypatch.setattr(module, "melt_commands", lambda *given: untouched(*given).replace(*heat))


def test_exploding_melt_is_the_status_of_all_walks(tmp_path, exploding):
    found = walks(tmp_path, [5000, 4000])
    assert all(walk.status.startswith("the fresh melt exploded: ERROR") for walk in found)
    assert all(walk.frames == [] for walk in found)


def test_summary_of_an_exploded_walk_has_gaps_not_numbers(tmp_path, exploding):
    row = program("liquid_walks").summary_of(walks(tmp_path, [5000])[0], ["Si", "O"])
    assert row["frames"] == 0
    assert np.isnan(row["density_g_per_cm3"])
    assert row["diffusion_Si_A2_per_ps"] is None


def test_counts_keep_states_without_frames():
    walks = pd.DataFrame(
        {"purpose": "train", "pressure_GPa": [0, 0], "temperature_K": [3000, 4000], "status": ["ok", "exploded: x"]}
    )
    found = pd.DataFrame(
        {
            "purpose": "train",
            "pressure_GPa": 0,
            "temperature_K": 3000,
            "passed": [True, True, True],
            "would_pass": [True, False, False],
            "crystal_match": ["", "keatite", "keatite"],
            "crystal_fraction": [0.0, 0.6, 0.5],
            "space_group": [1, 96, 4],
            "reason": ["", "space group 96; 60% of the atoms as in keatite", "50% of the atoms as in keatite"],
            "walk": "diffuses",
        }
    )
    counts = program("liquid_tables").counts_per_state(walks, found, 0.4)
    assert counts["frames"].tolist() == [3, 0]
    assert counts["passed"].tolist() == [3, 0]
    assert counts["excluded"].tolist() == [0, 0]
    assert counts["would_pass"].tolist() == [1, 0]
    assert counts["most_like"].tolist() == ["keatite", ""]
    assert counts["because"].tolist() == ["2 atoms as in keatite; 1 space group 96", ""]
    assert counts["walk"].tolist() == ["diffuses", "exploded: x"]


@pytest.mark.parametrize(
    "reason, fraction, named",
    [
        ("30% of the atoms have repeated surroundings", 0.014, ""),  # an element's hot frame, "most like" at 1.4 %
        ("walk does not diffuse", 0.39, ""),
        ("certificate off; primitive cell of 12 atoms", 0.0, ""),
        ("52% of the atoms as in stishovite", 0.52, "stishovite"),
    ],
)
def test_a_crystal_is_named_only_where_its_share_is_above_the_limit(reason, fraction, named):
    state = {"purpose": "train", "pressure_GPa": [0], "temperature_K": [3000]}
    found = pd.DataFrame(
        {
            **state,
            "passed": [False],
            "would_pass": [False],
            "crystal_match": ["stishovite"],
            "crystal_fraction": [fraction],
            "space_group": [1],
            "reason": [reason],
            "walk": "",
        }
    )
    counts = program("liquid_tables").counts_per_state(pd.DataFrame({**state, "status": "ok"}), found, 0.4)
    assert counts["most_like"].tolist() == [named]
    told = reason.replace("certificate off; ", "").replace("30% of the ", "").replace("52% of the ", "")
    assert counts["because"].tolist() == [f"1 {told}"]
