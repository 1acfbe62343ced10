"""Vibrations of models against a released walk of the reference, and what so short a walk leaves open.

``python -m tools.experiments.compare_md data/labels/silica-pbe-md-alpha-cristobalite.extxyz.gz --models .../hp/0.pb``

Each model makes the same walk: cell, positions, velocities, time step, number of steps. In a nearly harmonic crystal a
walk keeps for long how much energy each mode was given, so spectra of walks that begin alike can be compared; those
with other velocities differ by chance. How much, further walks of the first model show.

Writes ``spectra.csv``, ``comparison.md``, ``vdos.pdf`` and ``vdos.png``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.md.verlet import VelocityVerlet
from matplotlib.figure import Figure

from melt2crystal import markdown
from melt2crystal.benchmark.walk_spectra import BlockSpectra, block_spectra, overlap_with_error, verlet_velocities
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.style import OKABE_ITO, POTENTIAL_COLOURS, journal_style, new_figure, publish
from melt2crystal.files import write_csv, write_text
from melt2crystal.sections.benchmark import eleven_polymorphs
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.reference import EspressoReference
from melt2crystal.train.models import Ensemble
from tools.released.md_walk import ReleasedWalk, conservation, read_walk
from tools.released.reference_md import set_in_motion
from tools.released.release_md import SKIP_PS

LARGEST_THZ = 45.0
HEIGHT_MM = 62.0


def walk_with(calculator: Calculator, start: Atoms, time_step_fs: float, steps: int) -> np.ndarray:
    """Positions [steps, atoms, 3], A, of an NVE walk that begins at ``start``."""
    atoms, positions = start.copy(), []
    atoms.calc = calculator
    motion = VelocityVerlet(atoms, timestep=time_step_fs * units.fs)
    motion.attach(lambda: positions.append(atoms.get_positions()))
    motion.run(steps - 1)
    return np.array(positions)


def spectra_of(positions: np.ndarray, like: ReleasedWalk, blocks: int, resolution_THz: float) -> BlockSpectra:
    """Block spectra of a walk, its beginning left out."""
    spacing = like.time_step_fs / 1000
    velocities = verlet_velocities(positions, like.time_step_fs)[round(SKIP_PS / spacing) :]
    try:
        return block_spectra(
            velocities,
            like.atoms.get_masses(),
            like.atoms.get_chemical_symbols(),
            spacing,
            blocks,
            resolution_THz,
            LARGEST_THZ,
        )
    except ValueError as error:
        raise UserError(f"{error}; choose fewer --blocks, a larger --resolution-thz or a longer walk") from None


def by_chance(walks: list[BlockSpectra]) -> np.ndarray:
    """Overlaps of each two walks of one potential."""
    return np.array([overlap_with_error(a, b)[0] for k, a in enumerate(walks) for b in walks[:k]])


def comparison(
    walk: ReleasedWalk,
    reference: BlockSpectra,
    models: dict[str, BlockSpectra],
    others: list[BlockSpectra],
    resolution: float,
) -> str:
    """The numbers in words and a table."""
    kept, chance = conservation(walk, SKIP_PS), by_chance(others)
    rows = []
    for name, spectra in models.items():
        value, error = overlap_with_error(reference, spectra)
        rows.append((name, f"{value:.3f} ± {error:.3f}"))
    count, length = len(reference.total), f"{reference.block_ps:.2f} ps"
    error_area = np.trapezoid(reference.standard_error, reference.frequency_THz)
    temperature, drift = f"{kept.temperature_K:.0f} K", f"{kept.drift_meV_per_atom_per_ps:+.2f} meV/atom/ps"
    return f"""# {walk.polymorph}: {walk.length_ps:.2f} ps of molecular dynamics with the reference

{len(walk.atoms)} atoms at Gamma, NVE, time step {walk.time_step_fs:g} fs; the first {SKIP_PS:g} ps are left out. Mean
temperature {temperature}, energy drift {drift}. {count} blocks of {length}, resolution {resolution:g} THz. The
standard error of the reference's spectrum, from its blocks, is {100 * error_area:.0f} % of its area.

{markdown.table(("walk with the same beginning", "overlap with the reference ± jackknife over blocks"), rows)}

Two walks of the first model that begin with different velocities overlap by {chance.mean():.3f} ({chance.min():.3f} to
{chance.max():.3f}; {len(others)} walks, {len(chance)} pairs): chance alone, when beginnings differ.
"""


def draw_walk(
    figures: Figures,
    title: str,
    reference: BlockSpectra,
    models: Mapping[str, BlockSpectra],
    others: Sequence[BlockSpectra],
    label: str,
) -> Figure:
    """The figure: the spectrum of the reference's walk with the scatter of its blocks, and models beside it.

    Args:
        reference: mean of blocks as a line, one standard error as a band.
        models: walks that begin as the reference's; mean of the members as a line, their range as a band.
        others: walks of the first model with other velocities; their range in grey.
    """
    figure = new_figure(figures.single_column_mm, HEIGHT_MM)
    axes = figure.subplots()
    frequency, colour = reference.frequency_THz, POTENTIAL_COLOURS["hp"]
    if others:
        low, high = _range([spectra.mean for spectra in others])
        grey = OKABE_ITO["grey"]
        axes.fill_between(frequency, low, high, color=grey, alpha=0.3, linewidth=0, label=f"{label}, other velocities")
    if models:
        means = np.array([spectra.mean for spectra in models.values()])
        axes.fill_between(frequency, *_range(means), color=colour, alpha=0.3, linewidth=0)
        axes.plot(frequency, means.mean(axis=0), color=colour, label=f"{label}, same beginning")
    black, error = POTENTIAL_COLOURS["reference"], reference.standard_error
    axes.fill_between(frequency, reference.mean - error, reference.mean + error, color=black, alpha=0.25, linewidth=0)
    axes.plot(frequency, reference.mean, color=black, label="reference ± standard error")
    axes.set(xlabel="frequency (THz)", ylabel="density of states (1/THz)", xlim=(0, frequency[-1]))
    axes.set_ylim(bottom=0)
    axes.set_title(title, pad=3)
    figure.legend(loc="outside upper center", ncols=1)
    return figure


def _range(curves: Sequence[np.ndarray] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.min(curves, axis=0), np.max(curves, axis=0)


@reports_errors
def compare_md(
    walk: Annotated[Path, typer.Argument(help="released walk")],
    models: Annotated[list[Path], typer.Option(help="frozen DeePMD models; again for each member")],
    out: Annotated[Path, typer.Option(help="folder for what is written")] = Path("results/md"),
    blocks: Annotated[int, typer.Option(help="at least 3")] = 3,
    resolution_thz: Annotated[float, typer.Option(help="width of a sharp line (FWHM), THz")] = 2.5,
    walks: Annotated[int, typer.Option(min=2, help="walks of the first model with other velocities")] = 8,
    label: Annotated[str, typer.Option(help="which models these are, for the figure")] = "HP",
) -> None:
    """Compare models with the reference's walk."""
    given = read_walk(walk)
    steps, start, ensemble = len(given.positions), given.beginning(), Ensemble(models)
    reference = spectra_of(given.positions, given, blocks, resolution_thz)

    def made(member: int, begin: Atoms) -> BlockSpectra:
        positions = walk_with(ensemble.calculator(member), begin, given.time_step_fs, steps)
        return spectra_of(positions, given, blocks, resolution_thz)

    paired = {f"{label} {number}": made(number, start) for number in range(len(ensemble))}
    others = [made(0, set_in_motion(start, given.temperature_K, seed)) for seed in range(walks)]
    write_text(out / "comparison.md", comparison(given, reference, paired, others, resolution_thz))
    columns = {"frequency_THz": reference.frequency_THz, "reference": reference.mean}
    columns |= {"reference_standard_error": reference.standard_error}
    columns |= {f"reference_{name}": part.mean(axis=0) for name, part in reference.of_species.items()}
    columns |= {name: spectra.mean for name, spectra in paired.items()}
    columns |= {f"other_velocities_{number}": spectra.mean for number, spectra in enumerate(others)}
    write_csv(out / "spectra.csv", pd.DataFrame(columns), "%.6g")
    figures = Figures()
    with journal_style(figures):
        figure = draw_walk(figures, eleven_polymorphs()[given.polymorph].title, reference, paired, others, label)
        names = EspressoReference().name, f"released walk, {given.length_ps:.2f} ps, {len(reference.total)} blocks"
        publish(figure, *names, out / "vdos.pdf", out / "vdos.png", "Vibrations from molecular dynamics")
    print((out / "comparison.md").read_text())


if __name__ == "__main__":
    typer.run(compare_md)
