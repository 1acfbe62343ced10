import numpy as np
import pandas as pd
import pytest

from melt2crystal.figures.harmonic import draw_harmonic
from melt2crystal.figures.style import journal_style
from melt2crystal.sections.figures import Figures


def spectrum(**columns):
    frequency = np.linspace(0, 40, 81)
    return pd.DataFrame({"frequency_THz": frequency, "vdos_total": np.exp(-((frequency - 20) ** 2)), **columns})


@pytest.mark.parametrize("walkers", [(), ("hp",), ("reference", "hp")])
def test_the_key_names_the_walks_that_are_drawn_and_no_others(walkers):
    harmonic = {"alpha_quartz": {"reference": spectrum(), "hp": spectrum(member=-1)}}
    walks = {"alpha_quartz": {who: spectrum() for who in walkers}}
    with journal_style(Figures()):
        figure = draw_harmonic(Figures(), {"alpha_quartz": "α-quartz"}, harmonic, walks)
    named = [text.get_text() for text in figure.legends[0].get_texts() if "dynamics" in text.get_text()]
    assert named == [f"{'HP' if who == 'hp' else who}, molecular dynamics" for who in walkers]
