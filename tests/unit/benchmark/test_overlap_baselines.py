"""An overlap stands beside its baseline, the overlap with other crystals; imaginary modes are told."""

import json

import numpy as np
import pandas as pd
import pytest

from melt2crystal.benchmark.vdos import baselines
from tests.helpers.programs import program

FREQUENCY = np.linspace(0, 45, 226)


def lines(*centres: float, width: float = 1.0) -> np.ndarray:
    density = sum(np.exp(-0.5 * ((FREQUENCY - centre) / width) ** 2) for centre in centres)
    return density / np.trapezoid(density, FREQUENCY)


CRYSTALS = {"quartz": lines(10, 20), "cristobalite": lines(10, 21), "stishovite": lines(25, 30)}


def test_the_baseline_is_the_overlap_with_the_other_crystals():
    found = baselines({name: (FREQUENCY, density) for name, density in CRYSTALS.items()})
    assert found["quartz"].nearest == "cristobalite" and found["cristobalite"].nearest == "quartz"
    # one of two equal lines is shifted by one width: 0.5 + 0.5 * erfc(1 / (2 sqrt 2)) = 0.5 + 0.5 * 0.617
    assert found["quartz"].largest == pytest.approx(0.5 + 0.5 * 0.6171, abs=2e-3)
    others = [found["quartz"].largest, np.trapezoid(np.minimum(CRYSTALS["quartz"], CRYSTALS["stishovite"]), FREQUENCY)]
    assert found["quartz"].mean == pytest.approx(np.mean(others))
    alone = baselines({"quartz": (FREQUENCY, CRYSTALS["quartz"])})["quartz"]
    assert np.isnan(alone.largest) and np.isnan(alone.mean) and alone.nearest == ""


def test_a_poor_resolution_makes_all_crystals_alike():
    """Measured on PBE: 4.5 THz give 0.96 for crystals that differ; the baseline grows with the width."""
    sharp, blurred = (
        baselines({name: (FREQUENCY, lines(*at, width=width)) for name, at in (("a", (10, 20)), ("b", (10, 24)))})
        for width in (0.5, 4.5)
    )
    assert sharp["a"].largest < 0.55 and blurred["a"].largest > 0.8


def walks(folder, potential: str, spectra: dict[str, np.ndarray]):
    tables = []
    for name, density in spectra.items():
        columns = {"polymorph": name, "frequency_THz": FREQUENCY, "vdos_total": density}
        tables.append(pd.DataFrame(columns | {"vdos_first_half": density, "vdos_second_half": density}))
    pd.concat(tables).to_csv(folder / f"{potential}-0.csv", index=False)
    state = {"temperature_K": 300.0, "pressure_GPa": 0.0, "mean_temperature_K": 300.0, "volume_A3_per_formula": 38.0}
    rows = [{"polymorph": name, "coordination": 4.0, "status": "ok"} | state for name in spectra]
    pd.DataFrame(rows).to_csv(folder / f"{potential}-0.states.csv", index=False)
    return folder / f"{potential}-0.csv"


@pytest.mark.parametrize("with_reference", [True, False])
def test_the_table_of_walks_has_the_baseline(tmp_path, with_reference):
    paths = [walks(tmp_path, "hp", {name: density[::-1] for name, density in CRYSTALS.items()})]
    paths += [walks(tmp_path, "reference", CRYSTALS)] if with_reference else []
    settings = json.dumps({"benchmark.vdos.resolution_THz": 1.0, "polymorphs": list(CRYSTALS)})
    program("benchmark_overlaps").benchmark_overlaps(paths, tmp_path / "overlaps.csv", settings)
    table = pd.read_csv(tmp_path / "overlaps.csv").set_index("polymorph")
    assert table.loc["quartz", "most_like"] == "cristobalite"
    assert table.loc["quartz", "overlap_others_largest"] == pytest.approx(0.809, abs=2e-3)
    assert table.loc["quartz", "overlap_others_mean"] < table.loc["quartz", "overlap_others_largest"]
    assert np.isfinite(table.loc["quartz", "overlap"]) == with_reference


def harmonic(folder, who: str, imaginary: dict[str, float]):
    tables = [
        pd.DataFrame({"polymorph": name, "member": -1, "frequency_THz": FREQUENCY, "vdos_total": density})
        for name, density in CRYSTALS.items()
    ]
    pd.concat(tables).to_csv(folder / f"{who}.csv", index=False)
    rows = [
        {"polymorph": name, "member": -1, "lowest_THz": -2.0 if share else 0.0, "imaginary_share": share,
         "residual_force_eV_per_A": 0.01}
        for name in CRYSTALS for share in (imaginary.get(name, 0.0),)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / f"{who}.states.csv", index=False)
    return folder / f"{who}.csv"


def test_the_table_of_harmonic_spectra_has_it_too_and_tells_imaginary_modes(tmp_path):
    reference = harmonic(tmp_path, "reference", {"cristobalite": 0.012})
    hp = harmonic(tmp_path, "hp", {"cristobalite": 0.05, "stishovite": 0.2})
    settings = json.dumps({"benchmark.vdos.resolution_THz": 1.0, "polymorphs": [*CRYSTALS, "keatite"]})
    out = tmp_path / "overlaps.csv"
    program("benchmark_harmonic_overlaps").benchmark_harmonic_overlaps(hp, reference, out, settings)
    table = pd.read_csv(out, keep_default_na=False).set_index("polymorph")
    assert float(table.loc["quartz", "overlap_others_largest"]) == pytest.approx(0.809, abs=2e-3)
    both = "reference: 1.2 % of the modes are imaginary, lowest -2.00 THz; hp: 5 % of the modes are imaginary, lowest"
    assert table.loc["cristobalite", "note"].startswith(both)
    assert table.loc["quartz", "note"] == "" and "reference" not in table.loc["stishovite", "note"]
    assert table.loc["keatite", "overlap_others_largest"] == ""  # has no spectrum: nothing is made up
    words = program("figures_harmonic").in_words
    row = pd.read_csv(out).set_index("polymorph").loc["cristobalite"].to_dict()
    assert words(row) == "overlap 1.00\nother crystals: up to 0.81\nreference: imaginary modes\nHP: imaginary modes"
    assert words(pd.read_csv(out).set_index("polymorph").loc["keatite"].to_dict()) == ""
