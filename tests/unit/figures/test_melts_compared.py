"""The figure of the melt of each potential beside two walks of the reference."""

import numpy as np
import pandas as pd
import pytest

from melt2crystal.errors import UserError
from melt2crystal.figures.style import journal_style
from melt2crystal.sections.figures import Figures
from scripts.figures.melt import draw


def test_a_figure_of_two_walks_has_all_panels():

    rows, curves = [], []
    for number, whose in enumerate(("reference", "again", "lp", "hp")):
        state = {"whose": whose, "pressure_GPa": 0.0, "temperature_K": 4000.0}
        numbers = {"density_g_per_cm3": 2.2, "diffusion_Si_A2_per_ps": 0.1 + 0.1 * number, "diffusion_O_A2_per_ps": 0.3}
        errors = {f"{name}_error": 0.01 for name in numbers}
        rows.append(state | {"status": "ok"} | numbers | errors)
        for pair in ("Si-O", "Si-Si", "O-O"):
            r = np.linspace(0.05, 8, 160)
            curves.append(pd.DataFrame({"pair": pair, "r_A": r, "g": 1 + np.exp(-r)}).assign(**state))
    with journal_style(Figures()):
        figure = draw(Figures(), pd.DataFrame(rows), pd.concat(curves), ["Si", "O"])
    axes = [axes for part in figure.subfigs for axes in part.axes]
    assert [a.get_title() for a in axes[:3]] == [f"{pair}, 0 GPa, 4000 K" for pair in ("Si-O", "Si-Si", "O-O")]
    assert [len(a.lines) for a in axes[:3]] == [5, 5, 5]  # four walks and the line at one
    assert axes[4].get_ylabel() == "self-diffusion (Å²/ps)" and axes[4].get_yscale() == "log"


def test_where_every_walk_failed_the_reasons_are_told():
    table = pd.DataFrame([{"whose": "hp", "pressure_GPa": 0.0, "temperature_K": 4000.0, "status": "ERROR: Lost atoms"}])
    with pytest.raises(UserError, match=r"no melt was walked to its end \(hp: ERROR: Lost atoms\)"):
        draw(Figures(), table, pd.DataFrame(columns=["pair"]), ["Si", "O"])
