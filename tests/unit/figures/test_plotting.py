"""Figures: equal files for equal data, sizes as asked, text as text, the choice of the structure drawn."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from PIL import Image

from melt2crystal.errors import UserError
from melt2crystal.figures.structure_drawing import draw_structure, polyhedra, view
from melt2crystal.figures.style import (
    OKABE_ITO,
    as_text,
    journal_style,
    new_figure,
    pressure_colours,
    save,
    write_note,
)
from melt2crystal.sections.figures import Figures
from melt2crystal.structure.crystals import conventional_cell, read_crystal
from tests.helpers.programs import program

ROOT = Path(__file__).resolve().parents[3]


def crystal(name: str) -> Atoms:
    return read_crystal(ROOT / f"data/polymorphs/{name}.cif")


def draw_and_save(folder: Path) -> tuple[Path, Path]:
    figures = Figures(resolution_dpi=100)
    with journal_style(figures):
        figure = new_figure(89, 60)
        axes = figure.subplots()
        draw_structure(axes, crystal("stishovite"), "Si", "O", 2.2, OKABE_ITO["blue"])
        origin = write_note(figure, "BKS", "test")
        save(figure, folder / "a.pdf", folder / "a.png", "A title", origin)
    return folder / "a.pdf", folder / "a.png"


def test_files_are_equal_byte_for_byte_and_undated(tmp_path):
    first, second = draw_and_save(tmp_path / "1"), draw_and_save(tmp_path / "2")
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes()
    pdf = first[0].read_bytes()
    assert b"CreationDate" not in pdf and b"/Subtype /Type0" in pdf and b"/Type3" not in pdf
    assert Image.open(first[1]).size == (350, 236)  # 89 mm and 60 mm at 100 dots per inch


def test_negative_numbers_have_a_minus_sign():
    assert [as_text(-2.0), as_text(10.0), as_text(-6.25, "+.1f")] == ["−2", "10", "−6.2"]


def test_every_pressure_has_its_colour():
    colours = pressure_colours([70.0, 0.0, 15.0, 0.0])
    assert list(colours) == [0.0, 15.0, 70.0]
    assert len(set(colours.values())) == 3


@pytest.mark.parametrize(("name", "ligands"), [("stishovite", 6), ("beta_cristobalite", 4), ("alpha_quartz", 4)])
def test_every_polyhedron_is_whole(name, ligands):
    found, _ = polyhedra(crystal(name), "Si", "O", 2.2, 7.0)
    assert {len(p.ligands) for p in found} == {ligands}
    for shape in found:
        distances = np.linalg.norm(shape.ligands - shape.centre, axis=1)
        assert distances.max() < 2.2


def test_centres_on_faces_occur_on_both_sides():
    """Stishovite, one cell: silicon at the corner gives eight, the body centre one."""
    found, _ = polyhedra(crystal("stishovite"), "Si", "O", 2.2, 1.0)
    assert len(found) == 9


def test_view_is_a_rotation_with_z_up():
    rotation = view(-72, 14)
    assert np.allclose(rotation @ rotation.T, np.eye(3)) and np.linalg.det(rotation) == pytest.approx(1)
    assert np.allclose(view(-90, 0), [[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    assert rotation[1, 2] > 0.9


def test_equal_crystals_get_equal_conventional_cells():
    from ase.build import make_supercell

    cubic = crystal("beta_cristobalite")
    oblique = make_supercell(cubic, [[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert not np.allclose(oblique.cell.lengths(), cubic.cell.lengths())
    again, expected = (conventional_cell(atoms, 1e-2).cell.lengths() for atoms in (oblique, cubic))
    assert np.allclose(again, expected)


def rows(groups: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"space_group": groups, "enthalpy_eV_per_atom": -8.0 + 0.1 * np.arange(len(groups))})


def test_the_structure_drawn_is_chosen_as_stated():
    choose = program("figures_found_crystals").choose
    ideal, quartz = crystal("beta_cristobalite"), crystal("alpha_quartz")
    assert choose(rows([154, 122, 227, 227]), [quartz] * 4, ideal, [227, 122]) == (2, "lowest with SG 227")
    assert choose(rows([154, 122]), [quartz] * 2, ideal, [227, 122]) == (1, "lowest with SG 122")
    rattled = ideal.copy()
    rattled.rattle(0.02, seed=1)
    assert choose(rows([154, 1]), [quartz, rattled], ideal, [227]) == (1, "no SG 227: lowest that matches")
    assert choose(rows([154, 152]), [quartz] * 2, ideal, [227]) == (0, "no SG 227, no match: lowest of all")


def test_learning_curves_are_averaged_in_blocks():
    steps, values = program("figures_learning").smoothed(np.arange(120.0), np.tile([3.0, 4.0], 60))
    assert len(steps) == 60 and np.allclose(values, np.sqrt(12.5))


def test_parity_reads_the_ensemble_mean_per_atom(tmp_path):
    np.savez(
        tmp_path / "h.npz",
        energy_reference=[-60.0, -120.0],
        energy_model=[[-63.0, -120.0], [-57.0, -126.0]],
        atoms=[3, 6],
        forces_reference=np.zeros((9, 3)),
        forces_model=np.stack([np.ones((9, 3)), -np.ones((9, 3))]),
        pressure_GPa=[0.0, 10.0],
    )
    data = program("figures_parity").read_parity(tmp_path / "h.npz")
    assert data["energy_model"].tolist() == [-20.0, -20.5]
    assert np.all(data["forces_model"] == 0)
    assert data["pressure_of_component_GPa"].tolist() == [0.0] * 9 + [10.0] * 18
    np.savez(tmp_path / "broken.npz", atoms=[3])
    with pytest.raises(UserError, match="energy_reference"):
        program("figures_parity").read_parity(tmp_path / "broken.npz")


def test_selection_shares():
    table = pd.DataFrame({"accurate": [3, 0], "candidate": [1, 0], "failed": [0, 0], "invalid": [0, 0]})
    assert program("figures_selection").shares(table).to_numpy().tolist() == [[0.75, 0.25, 0, 0], [0, 0, 0, 0]]


def test_search_figure_without_any_label(tmp_path):
    """No reference energy at all: the figure says so instead of failing."""
    columns = ["energy_hp_mean_eV_per_atom", "energy_reference_eV_per_atom", "pressure_GPa", "status"]
    pd.DataFrame([(-8.0, np.nan, 0.0, "ok")], columns=columns).to_csv(tmp_path / "found.csv", index=False)
    settings = {"figures": {}, "name": "t", "purpose": "results", "reference.name": "BKS"}
    settings |= {"search.stable_window_eV_per_atom": 1.0, "search.tight_window_eV_per_atom": 0.05}
    program("figures_found_energies").figures_found_energies(
        tmp_path / "found.csv", tmp_path / "3.pdf", tmp_path / "3.png", json.dumps(settings)
    )
    assert (tmp_path / "3.png").stat().st_size > 1000


@pytest.mark.parametrize("structures, panels", [(4, 1), (6, 2)])
def test_search_figure_has_its_histogram_in_a_panel_of_its_own(structures, panels):
    energies = np.linspace(-8.0, -7.0, structures)
    found = pd.DataFrame(
        {"energy_hp_mean_eV_per_atom": energies, "energy_reference_eV_per_atom": energies, "pressure_GPa": 0.0}
    )
    rows = [(-7.0, -6.8, 0.0, "insane: a hole"), (-7.0, -3.0, 0.0, "insane: far away")]
    found = pd.concat(
        [found.assign(status="ok"), pd.DataFrame(rows, columns=[*found.columns, "status"])], ignore_index=True
    )
    axes = program("figures_found_energies").draw(Figures(), found, 1.0, 0.05).axes
    assert len(axes) == panels
    crosses = [line.get_label() for line in axes[0].lines if line.get_marker() == "x"]
    assert crosses == ["refused by the search (2; 1 outside)"]
    low, high = axes[0].get_xlim()
    assert low < -8.0 and -6.8 < high < -6.0  # the far one doesn't squeeze the others
    if panels == 2:
        assert sum(patch.get_height() for patch in axes[1].patches) == structures
