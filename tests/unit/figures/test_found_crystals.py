"""Figure 4: a found crystal beside its like, at equal pressure, with texts that can be printed."""

import numpy as np
import pandas as pd
import pytest

from melt2crystal.benchmark.equation_of_state import birch_murnaghan_pressure, volume_at_pressure
from melt2crystal.figures.style import journal_style
from melt2crystal.frames import canonical_frame, write_frames
from melt2crystal.sections.figures import Comparison, Figures
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.crystals import primitive_cell, read_crystal, scaled_volume
from tests.helpers.checkout import REPOSITORY
from tests.helpers.printed import too_small
from tests.helpers.programs import program


def known(*, fits: bool = True, files: tuple[str, ...] = ()):
    script = program("figures_found_crystals")
    crystals = {name: crystal(name) for name in ("beta_cristobalite", "stishovite")}
    rows = [("stishovite", "reference", "ok", 23.3, 300.0, 4.0), ("beta_cristobalite", "reference", "ok", 46, 120, 4.0)]
    columns = ["polymorph", "potential", "status", "V0_A3_per_formula", "B0_GPa", "B0_prime"]
    table = pd.DataFrame(rows if fits else [], columns=columns)
    paths = [REPOSITORY / f"data/polymorphs/{name}.cif" for name in files]
    return script.Known(crystals, table, paths, relaxed=False)


def crystal(name: str):
    return primitive_cell(read_crystal(REPOSITORY / f"data/polymorphs/{name}.cif"))


def found_in(folder, name: str, group: int, pressure: float):
    """A search that found one crystal, one per cent larger than in its file."""
    write_frames(folder / "unique.extxyz", [canonical_frame(scaled_volume(crystal(name), 1.01))])
    row = {"id": "0001", "pressure_GPa": pressure, "space_group": group, "coordination": 4.0}
    pd.DataFrame([row | {"enthalpy_eV_per_atom": -8.0}]).to_csv(folder / "unique.csv", index=False)
    return folder / "unique.extxyz"


def panel(folder, known_crystals, name: str, group: int, pressure: float, polymorph: str):
    comparison = Comparison(pressure_GPa=pressure, polymorph=polymorph, space_groups=[group])
    titles = {"beta_cristobalite": {"title": "β-cristobalite"}, "stishovite": {"title": "stishovite"}}
    structures = [found_in(folder, name, group, pressure)]
    return program("figures_found_crystals").panel_of(comparison, structures, titles, known_crystals, Substance())


def test_figure_4_is_printed_as_large(tmp_path):
    with journal_style(Figures()):
        drawn = panel(tmp_path, known(), "stishovite", 136, 10.0, "stishovite")
        figure = program("figures_found_crystals").draw(Figures(), [drawn, drawn], Substance())
        assert too_small(figure) == []


def test_a_found_crystal_is_compared_at_equal_pressure(tmp_path):
    found = panel(tmp_path, known(), "stishovite", 136, 10.0, "stishovite")
    assert found.what == "reference at 10 GPa" and found.title == "stishovite"
    volume = found.library.get_volume() / 2
    assert volume < 23.0 and birch_murnaghan_pressure(np.array(volume), 23.3, 300.0, 4.0) == pytest.approx(10.0)
    without = panel(tmp_path, known(fits=False), "stishovite", 136, 10.0, "stishovite")
    assert without.what == "as in its file"
    assert without.library.get_volume() == pytest.approx(crystal("stishovite").get_volume())


def test_the_found_ordered_cristobalite_is_compared_with_its_like(tmp_path):
    """Found: I-42d; the polymorph asked for is Fd-3m, and the library has a file of I-42d."""
    files = ("alpha_quartz", "beta_cristobalite_I42d")
    found = panel(tmp_path, known(files=files), "beta_cristobalite_I42d", 122, 0.0, "beta_cristobalite")
    assert (found.title, found.what) == ("beta_cristobalite_I42d", "as in its file")
    alone = panel(tmp_path, known(files=("alpha_quartz",)), "beta_cristobalite_I42d", 122, 0.0, "beta_cristobalite")
    assert (alone.title, alone.what) == ("β-cristobalite", "reference at 0 GPa")


def test_a_pressure_that_a_curve_never_has_has_no_volume():
    assert volume_at_pressure(0.0, 40.0, 100.0, 4.0) == pytest.approx(40.0)
    assert volume_at_pressure(1e6, 40.0, 100.0, 4.0) is None
    assert volume_at_pressure(1.0, float("nan"), 100.0, 4.0) is None
