"""Figures of a search: convergence, landscape, gallery; symbols of space groups, names, colours."""

import numpy as np
import pandas as pd
import pytest
from pymatgen.symmetry.groups import sg_symbol_from_int_number

from melt2crystal.errors import UserError
from melt2crystal.figures.structures_found import (
    ABOVE,
    called,
    colour_of,
    conventional,
    range_of,
    read_found,
    read_known,
    read_names,
    space_group_symbol,
)
from melt2crystal.figures.style import journal_style, write_note
from melt2crystal.frames import write_frames
from melt2crystal.search.found.table import STRUCTURES, UNIQUE, as_table, write_table
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.crystals import primitive_cell, read_crystal
from tests.helpers.checkout import REPOSITORY
from tests.helpers.found_cases import CRYSTALS, rows_of
from tests.helpers.printed import texts, too_small
from tests.helpers.programs import program

PLAIN = str.maketrans({letter: f"_{number}" for number, letter in enumerate("₁₂₃₄₅", 1)})


def test_symbols_are_those_of_the_international_tables():
    for number in range(1, 231):
        symbol = space_group_symbol(number)
        if not 3 <= number <= 15:  # pymatgen writes the long ones of monoclinic groups
            assert symbol.translate(PLAIN) == sg_symbol_from_int_number(number, hexagonal=True), number
    assert [space_group_symbol(number) for number in (14, 15, 152, 227)] == ["P2₁/c", "C2/c", "P3₁21", "Fd-3m"]


def relaxations(*pairs: tuple[str, float]) -> pd.DataFrame:
    rows = [
        {"id": f"{k}", "status": status, "enthalpy_eV_per_atom": value, "energy_eV_per_atom": value,
         "volume_A3_per_atom": 12.0, "space_group": 1, "pressure_GPa": 0.0, "formula_units": 2}
        for k, (status, value) in enumerate(pairs)
    ]  # fmt: skip
    return as_table(rows, STRUCTURES)


def test_what_was_refused_lowers_nothing_and_a_search_that_ended_keeps_its_lowest():
    script = program("figures_convergence")
    first = script.best_so_far(
        relaxations(("failed: it", -9.0), ("ok", -7.0), ("insane: it", -9.0), ("unconverged", -7.5), ("ok", -7.2))
    )
    np.testing.assert_array_equal(first, [np.nan, -7.0, -7.0, -7.5, -7.5])
    second = script.best_so_far(relaxations(("ok", -8.0), ("ok", -8.1)))
    np.testing.assert_allclose(script.median_of([first, second]), [np.nan, -7.55, -7.55, -7.8, -7.8])
    assert script.median_of([]).size == 0


def test_names_are_read_as_they_are_spelt(tmp_path):
    table = pd.DataFrame(
        [("1e3", "alpha_quartz", "library", ""), ("0001", "like ZrO2", "prototype", "A2B_tP6"),
         ("NA", "unknown", "unknown", ""), ("2", "", "not looked up", ""), ("3", "own_one", "library", "")],
        columns=["id", "name", "source", "detail"],
    ).assign(central="", ligand="", shared="")  # fmt: skip
    table.to_csv(tmp_path / "names.csv", index=False)
    names = read_names(tmp_path / "names.csv")
    told = [called(names, name, {"alpha_quartz": "α-quartz"})[0] for name in ("1e3", "0001", "NA", "2", "3", "none")]
    assert told == ["α-quartz", "like ZrO2", "unknown", "unnamed", "own one", "unnamed"]


def test_colours_reach_over_whole_coordination_numbers():
    assert range_of([4.0, 4.1, float("nan")]) == (4.0, 6.0) and range_of([3.7, 6.2]) == (3.0, 7.0)
    assert range_of([]) == (3.0, 5.0)
    between = (4.0, 6.0)
    assert len({colour_of(value, between) for value in (4.0, 5.0, 6.0, float("nan"))}) == 4


def test_the_conventional_cell_keeps_the_volume():
    quartz = primitive_cell(read_crystal(REPOSITORY / "data/polymorphs/stishovite.cif"))
    cell = conventional(quartz, 1e-3)
    assert cell.get_volume() / len(cell) == pytest.approx(quartz.get_volume() / len(quartz), rel=1e-6)
    assert conventional(quartz, None) is quartz


def test_a_table_and_other_structures_are_refused(tmp_path):
    rows, frames = rows_of(CRYSTALS[:2])
    write_table(tmp_path / "unique.csv", rows[list(UNIQUE)], UNIQUE)
    write_frames(tmp_path / "unique.extxyz", frames)
    found, atoms = read_found(tmp_path / "unique.csv")
    assert list(found[ABOVE]) == pytest.approx([0.0, 20.0]) and len(atoms) == 2
    write_frames(tmp_path / "unique.extxyz", frames[::-1])
    with pytest.raises(UserError, match="differ; remake both"):
        read_found(tmp_path / "unique.csv")


def known_at(pressure: float, *rows: tuple[str, str, float], folder) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["crystal", "state", "enthalpy_eV_per_atom"])
    table.assign(pressure_GPa=pressure, volume_A3_per_atom=12.5).to_csv(folder / "known.csv", index=False)
    return read_known(folder / "known.csv", pressure)


def test_the_landscape_counts_what_lies_too_high_and_shows_what_was_not_found(tmp_path):
    rows, _ = rows_of(CRYSTALS)
    rows.loc[2, ABOVE] = 700.0
    lowest = float(rows["enthalpy_eV_per_atom"].min())
    known = known_at(0.0, ("lower", "minimum", lowest - 0.1), ("gone", "no minimum", -9.0), folder=tmp_path)
    assert list(known["crystal"]) == ["lower"] and read_known(tmp_path / "known.csv", 10.0).empty
    with journal_style(Figures()):
        figure = program("figures_landscape").draw(Figures(), {0.0: rows}, [known], {"lower": r"a $\frac{1$ name"})
        figure.draw_without_rendering()
    words = [text.get_text() for text in texts(figure)]
    assert "2 structures, 1 above 500 meV/atom not shown" in words and r"1 a \$\frac{1\$ name" in words
    (diamond,) = [line for line in figure.axes[0].get_lines() if len(line.get_xdata())]
    assert diamond.get_ydata()[0] == pytest.approx(-100.0)
    assert figure.axes[0].get_ylim()[0] < -100.0


def gallery():
    rows, frames = rows_of(CRYSTALS * 4)
    names = pd.DataFrame({"name": "a name that is longer than two lines of a picture can ever be", "source": "library"},
                         index=rows["id"])  # fmt: skip
    return program("figures_gallery").draw(
        Figures(), {0.0: (rows, frames), 10.0: (rows.iloc[:0], [])}, names, {}, Substance()
    )


def landscape():
    rows, _ = rows_of(CRYSTALS)
    known = pd.DataFrame(
        [(f"crystal_{k}", 10.0 + k, -8.0 + 0.01 * k) for k in range(11)],
        columns=["crystal", "volume_A3_per_atom", "enthalpy_eV_per_atom"],
    )
    return program("figures_landscape").draw(Figures(), {0.0: rows, 10.0: rows.iloc[:0]}, [known, known.iloc[:0]], {})


def convergence(highest: float = -5.0):
    script = program("figures_convergence")
    curve = script.best_so_far(relaxations(("ok", highest), ("ok", -8.0)))
    known = pd.DataFrame({"crystal": ["stishovite"], "enthalpy_eV_per_atom": [-8.01]})
    return script.draw(Figures(), {0.0: {2: [curve], 4: [curve - 0.1]}, -3.5: {2: []}}, [known, known.iloc[:0]], {})


@pytest.mark.parametrize("size_pt", [4.0, 9.0])
@pytest.mark.parametrize("draw", [gallery, landscape, convergence], ids=lambda draw: draw.__name__)
def test_texts_can_be_printed(draw, size_pt):
    with journal_style(Figures(font_size_pt=size_pt)):
        figure = draw()
        write_note(figure, "BKS", "a study")
        assert too_small(figure) == []
        words = "\n".join(text.get_text() for text in texts(figure))
    told = {"gallery": "P4₂/mnm (136)", "landscape": "11 crystal 10", "convergence": "median"}
    assert told[draw.__name__] in words and "reference: BKS" in words
