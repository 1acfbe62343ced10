"""Figure 1: energies and force components of the two potentials against the reference, on held-out melt."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.style import as_text, letter, new_figure, pressure_colours, publish_for
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings
from melt2crystal.train.agreement import rmse

Array = NDArray[np.float64]
NEEDED = ("energy_reference", "energy_model", "atoms", "forces_reference", "forces_model", "pressure_GPa")


def read_parity(path: Path) -> dict[str, Array]:
    """The arrays of a held-out evaluation; energies become eV/atom, models their mean over the ensemble.

    Returns:
        energy_reference, energy_model, pressure_GPa [frames]; forces_reference, forces_model [components], eV/Å;
        pressure_of_component_GPa [components].
    """
    with np.load(path) as held_out:
        missing = [name for name in NEEDED if name not in held_out]
        if missing:
            raise UserError(f"{path}: lacks {', '.join(missing)}; remake it with the rule that evaluates held-out melt")
        data = {name: held_out[name] for name in NEEDED}
    atoms = data["atoms"].astype(int)
    return {
        "energy_reference": data["energy_reference"] / atoms,
        "energy_model": data["energy_model"].mean(axis=0) / atoms,
        "pressure_GPa": data["pressure_GPa"],
        "forces_reference": data["forces_reference"].ravel(),
        "forces_model": data["forces_model"].mean(axis=0).ravel(),
        "pressure_of_component_GPa": np.repeat(data["pressure_GPa"], 3 * atoms),
    }


def draw_parity(
    axes: Axes, reference: Array, model: Array, pressure: Array, colours: dict[float, Any], size: float
) -> None:
    """One parity panel: points in a shuffled order, so that no pressure hides another, and the diagonal."""
    order = np.random.default_rng(0).permutation(len(reference))
    of_point = np.array([colours[float(p)] for p in pressure])
    axes.scatter(
        reference[order], model[order], s=size, c=of_point[order], alpha=0.7, linewidths=0, rasterized=len(order) > 2000
    )
    low, high = min(reference.min(), model.min()), max(reference.max(), model.max())
    margin = 0.05 * (high - low) or 1.0
    limits = (low - margin, high + margin)
    axes.plot(limits, limits, color="black", linewidth=0.6, zorder=0)
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.locator_params(nbins=5)


def label_rmse(axes: Axes, text: str) -> None:
    """RMSE in the empty lower right corner."""
    axes.text(0.93, 0.05, text, transform=axes.transAxes, ha="right", va="bottom")


def draw(figures: Figures, parity: dict[str, dict[str, Array]]) -> Figure:
    """HP as two large panels, LP, if there is one, as two small ones beside them."""
    pressures = np.unique(np.concatenate([p["pressure_GPa"] for p in parity.values()]))
    colours = pressure_colours([float(p) for p in pressures])
    figure = new_figure(figures.double_column_mm, 0.41 * figures.double_column_mm)
    both = "lp" in parity
    grid = figure.add_gridspec(2, 3 if both else 2, width_ratios=[2, 2, 1] if both else [1, 1])
    large = [figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[:, 1])]
    small = [figure.add_subplot(grid[0, 2]), figure.add_subplot(grid[1, 2])] if both else []
    letters = iter("abcd")
    for potential, panels in (("hp", large), ("lp", small))[: 2 if both else 1]:
        data = parity[potential]
        mean = data["energy_reference"].mean()
        energy, force = panels
        draw_parity(
            energy, data["energy_reference"] - mean, data["energy_model"] - mean, data["pressure_GPa"], colours, 9
        )
        draw_parity(
            force, data["forces_reference"], data["forces_model"], data["pressure_of_component_GPa"], colours, 1.5
        )
        error_e = 1000 * (rmse(data["energy_model"], data["energy_reference"]) or 0.0)
        error_f = rmse(data["forces_model"], data["forces_reference"]) or 0.0
        name = potential.upper()
        if potential == "hp":
            label_rmse(energy, f"RMSE {error_e:.1f} meV/atom")
            label_rmse(force, f"RMSE {error_f:.2f} eV/Å")
            energy.set(xlabel="reference energy − mean (eV/atom)", ylabel=f"{name} energy − mean (eV/atom)")
            force.set(xlabel="reference force component (eV/Å)", ylabel=f"{name} force component (eV/Å)")
        else:
            label_rmse(energy, f"RMSE {error_e:.1f}\nmeV/atom")
            label_rmse(force, f"RMSE {error_f:.2f}\neV/Å")
            energy.set(ylabel=f"{name} (eV/atom)")
            force.set(xlabel="reference (eV/Å)", ylabel=f"{name} (eV/Å)")
            for axes in panels:
                axes.locator_params(nbins=3)  # narrow: the numbers of more ticks would overlap
        for axes, quantity in ((energy, "energy"), (force, "forces")):
            letter(axes, next(letters))
            axes.set_title(f"{name}, {quantity}")
    handles = [
        large[0].plot([], [], "o", color=colour, markersize=3, label=f"{as_text(p)} GPa")[0]
        for p, colour in colours.items()
    ]
    large[0].legend(handles=handles, loc="upper left", title="held-out melt", handletextpad=0.1, alignment="left")
    return figure


@reports_errors
def figures_parity(
    heldout: Annotated[
        list[Path],
        typer.Argument(help="held-out evaluations, train/hp/heldout.npz and, if there is one, train/lp/heldout.npz"),
    ],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw figure 1: parity of energies and force components on held-out melt, coloured by pressure."""
    given = Settings(settings)
    parity = {path.parent.name: read_parity(path) for path in heldout}
    publish_for(given, pdf, png, "Parity of energies and forces on held-out melt", draw, parity)


if __name__ == "__main__":
    typer.run(figures_parity)
