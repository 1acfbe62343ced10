"""Figures for print: any number of panels fills them, the key hides nothing, no text is below 6 pt."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from melt2crystal.benchmark.equation_of_state import birch_murnaghan
from melt2crystal.benchmark.vdos import axis_end, end_of_spectrum
from melt2crystal.figures.grid import lines_of
from melt2crystal.figures.harmonic import draw_harmonic
from melt2crystal.figures.ledger import draw_ledger
from melt2crystal.figures.style import journal_style, write_note
from melt2crystal.jobs.ledger import Waste
from melt2crystal.sections.figures import Figures
from tests.helpers.checkout import REPOSITORY
from tests.helpers.printed import too_small
from tests.helpers.programs import program

FREQUENCY = np.linspace(0, 45, 226)
SCALES = (0.88, 0.92, 0.96, 1.0, 1.04, 1.08)
ALL = range(1, 17)


def spectrum(last_THz: float = 33.0) -> pd.DataFrame:
    """Lines up to a frequency, of unit area on an axis of 45 THz."""
    density = sum(np.exp(-0.5 * ((FREQUENCY - centre) / 0.8) ** 2) for centre in (0.3 * last_THz, last_THz))
    density = density / np.trapezoid(density, FREQUENCY)
    return pd.DataFrame({"frequency_THz": FREQUENCY, "vdos_total": density, "member": -1})


def curves(number: int) -> tuple[dict, dict, pd.DataFrame]:
    names = [f"crystal_{k}" for k in range(number)]
    tables, fits = {}, []
    for potential, offset in (("reference", 0.0), ("hp", 0.01), ("lp", 0.1)):
        rows = []
        for k, (name, scale) in enumerate(itertools.product(names, SCALES)):
            volume = (30 + k) * scale
            energy = float(birch_murnaghan(np.array(volume), 30 + k, 150, 4, -57)) / 3 + offset
            rows += [(name, scale, volume, member, energy) for member in ((-1,) if offset == 0 else (-1, 0, 1))]
        columns = ["polymorph", "volume_scale", "volume_A3_per_formula", "member", "energy_eV_per_atom"]
        tables[potential] = pd.DataFrame(rows, columns=columns)
        fits += [(name, potential, -1, 30.0 + k, 150.0, 4.0, -19 + offset) for k, name in enumerate(names)]
    columns = ["polymorph", "potential", "member", "V0_A3_per_formula", "B0_GPa", "B0_prime", "E0_eV_per_atom"]
    polymorphs = {name: {"title": name, "space_group": 154} for name in names}
    return polymorphs, tables, pd.DataFrame(fits, columns=columns)


def energy_volume(number: int) -> Figure:
    polymorphs, tables, fits = curves(number)
    spectra = {name: {"hp": spectrum(), "reference": spectrum()} for name in polymorphs}
    seen = program("figures_energy_volume").melts_seen({"lp": [0.0], "hp": None})
    return program("figures_energy_volume").draw(Figures(), polymorphs, tables, fits, spectra, 3, seen)


def relaxed(number: int) -> Figure:
    names = [f"crystal_{k}" for k in range(number)]
    rows = [
        {
            "polymorph": name, "pressure_GPa": 0.0, "potential": potential, "members": 2, "kept": 2 * (k % 2),
            "volume_error_percent": error, "volume_error_smallest": error - 1, "volume_error_largest": error + 1,
            "scatter_percent_reference": 0.1, "reference_keeps": k != 1, "state_reference": "relaxed",
        }
        for k, name in enumerate(names)
        for potential, error in (("hp", 0.3 * k), ("lp", 40.0))
    ]  # fmt: skip
    titles = {name: f"{name} with a name" for name in names}
    return program("figures_relaxed").draw(Figures(), titles, pd.DataFrame(rows))


def harmonic(number: int) -> Figure:
    titles = {f"crystal_{k}": f"crystal {k}" for k in range(number)}
    spectra = {name: {"hp": spectrum(), "reference": spectrum()} for name in titles}
    words = dict.fromkeys(titles, "overlap 0.88\nother crystals: up to 0.88\nreference: imaginary modes")
    return draw_harmonic(Figures(), titles, spectra, {}, words)


def found_energies(number: int) -> Figure:
    energies = -8.0 + 0.3 * np.arange(number)
    found = pd.DataFrame(
        {"energy_hp_mean_eV_per_atom": energies, "energy_reference_eV_per_atom": energies, "pressure_GPa": 10.0}
    )
    return program("figures_found_energies").draw(Figures(), found.assign(status="ok"), 1.0, 0.05)


def enthalpies(number: int) -> Figure:
    pressures = np.array([0.0, 10.0, 20.0])
    phases = [
        pd.DataFrame(
            {"phase": f"crystal_{k}", "origin": "known", "potential": "hp", "pressure_GPa": pressures, "state": "kept",
             "enthalpy_eV_per_atom": -8 + 0.01 * k + (0.06 - 0.002 * k) * pressures,
             "volume_A3_per_atom": (0.06 - 0.002 * k) * 160.2, "space_group": 1, "coordination": 4.0}
        )
        for k in range(number)
    ]  # fmt: skip
    table = pd.concat(phases, ignore_index=True)
    tables = {"hp": table, "reference": table.assign(potential="reference")}
    return program("figures_enthalpies").draw(Figures(), tables, None, {"crystal_0": "crystal 0"})


def selection(number: int) -> Figure:
    classes = {"accurate": 3, "candidate": 2, "failed": 1, "invalid": 0, "selected": 1, "excluded": 1}
    states = [{"pressure_GPa": 10.0 * (k % 3), "temperature_K": 3000.0 + 100 * k} for k in range(number)]
    table = pd.DataFrame([state | classes | {"eps_lo": 0.1, "eps_hi": 0.3, "iteration": 0} for state in states])
    return program("figures_selection").draw(Figures(), [table])


def learning(number: int) -> Figure:
    steps = np.linspace(0, 400_000, 50)
    table = pd.DataFrame(
        {"step": steps, "rmse_e_trn": np.geomspace(1, 0.01, 50), "rmse_f_val": np.geomspace(9, 0.1, 50)}
    )
    return program("figures_learning").draw(Figures(), {"hp": [table] * number})


def ledger(number: int) -> Figure:
    rows = [{"box": f"box {k}", "iteration": "", "core_hours": 0.1 * k, "gpu_hours": 0.0} for k in range(number)]
    return draw_ledger(pd.DataFrame(rows), [Waste("failed", 1, 1.0, 0.0)], Figures())


def audit(number: int) -> Figure:
    rows = {"max_devi_f": np.geomspace(0.05, 2, 6), "error_max": np.geomspace(0.02, 5, 6)}
    table = pd.DataFrame(rows | {"chosen_as": ["candidate", "audit"] * 3})
    rounds = [(table, {"iteration": k, "eps_hi": 0.3, "missed": 1, "audited": 3}) for k in range(number)]
    return program("figures_audit").draw(Figures(), rounds)


DRAWINGS = [energy_volume, relaxed, harmonic, found_energies, enthalpies, selection, learning, ledger, audit]


@pytest.mark.parametrize("size_pt", [4.0, 7.0, 9.0])
@pytest.mark.parametrize("draw", DRAWINGS, ids=lambda draw: draw.__name__)
def test_no_text_is_too_small_to_be_printed(draw, size_pt):
    with journal_style(Figures(font_size_pt=size_pt)):
        figure = draw(8)
        write_note(figure, "BKS", "a study")
        assert too_small(figure) == []


def test_small_text_is_found():
    with journal_style(Figures()):
        figure = energy_volume(2)
        figure.axes[0].text(0, 0, "tiny", fontsize="xx-small")
        figure.axes[0].child_axes[0].set_xlabel("inset", fontsize=5.9)
        figure.legends[0].set_title(r"$E_\mathrm{ref}$")
        assert [found.split(":")[0] for found in too_small(figure)] == ["'tiny'", "'inset'", r"$E_\mathrm{ref}$"]


def test_no_figure_asks_for_a_size_by_a_small_name():
    """The kind of the fault: sizes come from style.small, which knows the limit, or are those of the style."""
    allowed = re.compile(r"""size=(small\(|"medium"|max\(|size_pt|self\.small_pt|size\b)""")
    sources = [*REPOSITORY.glob("melt2crystal/figures/*.py"), *REPOSITORY.glob("scripts/*/*.py")]
    asked = [
        f"{path.name}: {line.strip()}"
        for path in sources
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\b(font|label)size=", line) and not allowed.search(line)
    ]
    assert asked == []


def boxes(figure: Figure) -> tuple[list, object]:
    figure.draw_without_rendering()
    return [axes.get_window_extent() for axes in figure.axes], figure.legends[0].get_window_extent()


@pytest.mark.parametrize("number", ALL)
def test_figure_2_looks_made_for_any_number_of_crystals(number):
    with journal_style(Figures()):
        figure = energy_volume(number)
        panels, key = boxes(figure)
        assert len(panels) == number
        assert not any(key.overlaps(box) for box in panels)  # the key hides no panel
        assert not any(one.overlaps(other) for one, other in itertools.combinations(panels, 2))
        width = figure.bbox.width
        assert key.x0 >= 0 and key.x1 <= width
        lines: dict[int, list] = {}
        for box in panels:
            lines.setdefault(round(box.y0), []).append(box)
        for line in lines.values():  # no line ends before the figure does
            assert max(box.x1 for box in line) > 0.95 * width and min(box.x0 for box in line) < 0.2 * width
        label = figure._supylabel.get_window_extent()
        assert not label.overlaps(key) and label.y0 >= 0


def test_lines_are_full():
    assert [lines_of(n) for n in (1, 2, 3, 4, 5, 7, 11, 13, 16)] == [
        [1], [2], [3], [4], [3, 2], [4, 3], [4, 4, 3], [4, 3, 3, 3], [4, 4, 4, 4]
    ]  # fmt: skip
    assert all(sum(lines_of(n)) == n and max(lines_of(n)) - min(lines_of(n)) <= 1 for n in ALL)
    assert lines_of(3, 2) == [2, 1]


@pytest.mark.parametrize("draw", [harmonic, relaxed], ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("number", [1, 3, 7])
def test_the_other_figures_of_crystals_have_no_empty_cell(draw, number):
    with journal_style(Figures()):
        figure = draw(number)
        panels, key = boxes(figure)
        assert len(panels) == (number if draw is harmonic else 1)
        assert not any(key.overlaps(box) for box in panels) and key.x1 <= figure.bbox.width


@pytest.mark.parametrize(("last", "end"), [(33.0, 40.0), (18.0, 25.0), (6.0, 9.0), (44.0, 45.0)])
def test_axes_of_spectra_end_where_the_spectra_end(last, end):
    rows = spectrum(last)
    found = end_of_spectrum(FREQUENCY, rows["vdos_total"].to_numpy())
    assert last < found <= min(45.0, last + 3.5)
    assert axis_end([(FREQUENCY, rows["vdos_total"].to_numpy())]) == end
    assert axis_end([]) == 1.0 and end_of_spectrum(FREQUENCY, np.zeros_like(FREQUENCY)) == 0.0


def test_insets_end_together_and_the_key_follows_the_settings():
    with journal_style(Figures()):
        figure = energy_volume(3)
        assert {axes.child_axes[0].get_xlim() for axes in figure.axes} == {(0.0, 40.0)}
        said = [text.get_text() for text in figure.legends[0].get_texts()]
        assert {"HP (all melts)", "LP (melts at 0 GPa)", "lines: Birch-Murnaghan fits (ions clamped)"} <= set(said)
    seen = program("figures_energy_volume").melts_seen
    assert seen({"lp": [-2.0, 0.0, 2.5]}) == {"lp": " (melts at −2, 0, 2.5 GPa)"}
    assert seen({}) == {}  # trained elsewhere: this study can't know


def test_a_potential_judged_alone_has_no_lp_in_the_keys_and_no_band():
    polymorphs, tables, fits = curves(3)
    alone = {"hp": tables["hp"][tables["hp"]["member"] < 1], "reference": tables["reference"]}
    figure = program("figures_energy_volume").draw(Figures(), polymorphs, alone, fits, {}, 3)
    said = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert "HP" in said and "LP" not in said and "band" not in said
    rows = {
        "polymorph": ["a"],
        "pressure_GPa": 0.0,
        "potential": "hp",
        "members": 1,
        "kept": 1,
        "reference_keeps": True,
    }
    errors = dict.fromkeys(("volume_error_percent", "volume_error_smallest", "volume_error_largest"), 0.5)
    table = pd.DataFrame(rows | errors | {"scatter_percent_reference": np.nan, "state_reference": "symmetry kept"})
    figure = program("figures_relaxed").draw(Figures(), {"a": "a"}, table)
    said = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert "HP" in said and "LP" not in said and "symmetry kept, scatter unknown" in said


def test_figure_2_is_raw():
    polymorphs, tables, fits = curves(2)
    axes = program("figures_energy_volume").draw(Figures(), polymorphs, tables, fits, {}, 3).axes[0]
    lines = {line.get_marker(): np.sort(line.get_ydata()) for line in axes.lines if line.get_linestyle() == "None"}
    assert lines["s"] - lines["o"] == pytest.approx(0.01) and lines["^"] - lines["o"] == pytest.approx(0.1)
    assert lines["o"].min() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("number", "words"), [(3, "≤ 1 eV/atom (3): 0"), (8, "≤ 1 eV/atom (4): 0")])
def test_the_window_of_figure_3_is_named_for_what_it_is(number, words):
    figure = found_energies(number)
    title, said = figure.legends[0].get_title().get_text(), [t.get_text() for t in figure.legends[0].get_texts()]
    assert words in title and "≤ 50 meV/atom (1): 0" in title and "stable" not in " ".join([title, *said])
    assert any(text.startswith("up to 1 eV/atom above the lowest") for text in said) == (number == 8)


def test_many_pressures_are_named_by_their_ends():
    seen = program("figures_energy_volume").melts_seen({"lp": [-2.5, -1, 0, 0.5, 1, 1.25]})
    assert seen == {"lp": " (melts at 6 pressures, −2.5 to 1.25 GPa)"}
