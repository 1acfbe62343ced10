"""Names in figures are drawn as they are spelt."""

import pytest
from matplotlib.text import Text

from melt2crystal.figures.style import journal_style, literal, new_figure, publish
from melt2crystal.provenance import read_origin
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.purpose import WARNING
from tests.helpers import hostile

NAMES = [r"$\frac{1$", "2 $ a piece, 3 $ for two", r"\$x$", "a\\b_c^d {e}", "%&#~", hostile.REFERENCE, hostile.TITLE]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_drawn_as_it_is_spelt(name, tmp_path):
    with journal_style(Figures()):
        figure = new_figure(80, 60)
        axes = figure.add_subplot()
        axes.set_title(literal(name))
        parsed, mathematics = Text(text=literal(name))._preprocess_math(literal(name))
        assert (parsed, mathematics) == (name, False)
        publish(figure, name, "ci", tmp_path / "a.pdf", tmp_path / "a.png", name)
    for kind in ("pdf", "png"):
        assert read_origin(tmp_path / f"a.{kind}").reference == name


@pytest.mark.parametrize("width_mm", [40, 89, 183])
def test_a_smoke_test_says_in_the_figure_that_its_numbers_mean_nothing(width_mm, tmp_path):
    with journal_style(Figures()):
        figure = new_figure(width_mm, 60)
        figure.add_subplot().plot([1, 2])
        publish(figure, "BKS", "mine", tmp_path / "a.pdf", tmp_path / "a.png", "title", "smoke test")
        (words,) = (text for text in figure.texts if text.get_text() == WARNING)
        box, whole = words.get_window_extent(), figure.bbox
        assert 0.7 * whole.width < box.width < whole.width or width_mm == 183
        assert words.zorder > 100 and words.get_fontsize() >= 4
        other = new_figure(width_mm, 60)
        publish(other, "BKS", "ci", tmp_path / "b.pdf", tmp_path / "b.png", "title", "results")
        assert WARNING not in [text.get_text() for text in other.texts]
