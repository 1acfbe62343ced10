"""Crystals found over core-seconds: staircases of searches whose hits are known."""

import numpy as np
import pandas as pd
import pytest

from melt2crystal.figures.style import journal_style
from melt2crystal.sections.figures import Figures
from tests.helpers.printed import too_small
from tools.bench.hit_figure import draw, found_after, hit_figure, median_found


def rows(method: str, seed: int, seconds: list[float], pressure: float = 10.0) -> pd.DataFrame:
    """One search of 600 core-seconds for three crystals."""
    told = {"potential": "HP", "method": method, "pressure_GPa": pressure, "seed": seed, "core_minutes": 10.0}
    return pd.DataFrame({"crystal": ["a", "b", "c"], "core_s": seconds}).assign(**told, all_core_s=600.0)


def test_a_search_climbs_by_one_at_each_first_hit_and_never_without_one():
    times, numbers = found_after(pd.Series([300.0, np.nan, 60.0]), 600.0)
    assert times.tolist() == [0, 60, 300, 600] and numbers.tolist() == [0, 1, 2, 2]
    times, numbers = found_after(pd.Series([np.nan]), 600.0)
    assert times.tolist() == [0, 600] and numbers.tolist() == [0, 0]


def test_the_median_of_three_searches_ends_with_the_shortest():
    searches = [found_after(pd.Series(hits), end) for hits, end in (([10.0], 100), ([20.0, 30.0], 90), ([50.0], 100))]
    times, numbers = median_found(searches)
    assert times.tolist() == [0, 10, 20, 30, 50, 90]
    assert numbers.tolist() == [0, 0, 1, 1, 1, 1]


def test_methods_are_drawn_beside_each_other_and_large_enough():
    random = [rows("random", 1, [60, 120, np.nan]), rows("random", 2, [30, np.nan, np.nan])]
    table = pd.concat([*random, rows("evolution", 1, [9, 10, 11]), rows("melt-born", 1, [np.nan] * 3, 0.0)])
    with journal_style(Figures()):
        figure = draw(Figures(), table)
        assert not too_small(figure)
    assert [axes.get_title() for axes in figure.axes] == [
        "HP, 0 GPa, searches of 10 core-minutes",
        "HP, 10 GPa, searches of 10 core-minutes",
    ]
    labels = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert labels == ["evolution (1 seed)", "random (2 seeds)", "known minima: 3"]


def test_the_picture_is_written_and_what_is_missing_is_said(tmp_path, capsys):
    with pytest.raises(SystemExit):
        hit_figure(tmp_path, tmp_path / "hits.png")
    assert "make bench-hits" in capsys.readouterr().err
    rows("evolution", 1, [1, 2, 3]).to_csv(tmp_path / "searches.csv", index=False)
    hit_figure(tmp_path, tmp_path / "hits.png")
    assert {path.name for path in tmp_path.iterdir()} == {"hits.png", "hits.pdf", "searches.csv"}
