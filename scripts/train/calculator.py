"""Write the file of a member that is an ASE calculator, after it has evaluated one structure of the study's species."""

from pathlib import Path
from typing import Annotated

import typer
from ase import Atoms

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import complete
from melt2crystal.options import SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.sections.train import AsePotential
from melt2crystal.settings import Settings
from melt2crystal.train.calculators import CalculatorModel, FrameFailed, write_calculator

SPACING_A = 2.0  # of neighbours in the structure that is tried: a chain of all species, in a cell of their own


@reports_errors
def train_calculator(
    potential: Annotated[str, typer.Option(help="lp or hp")],
    out: Annotated[Path, typer.Option(help="file of the member (JSON)")],
    settings: SettingsText,
) -> None:
    """A calculator that can't be made, lacks a stress or does not know a species is told here."""
    given = Settings(settings)
    species = given.section("substance", Substance).species
    section = given.section("calculator", AsePotential)
    with complete(out) as beside:
        write_calculator(beside, **dict(section))
        model, atoms = CalculatorModel(beside, f"release.{potential}.given."), chain(species)
        types = [model.get_type_map().index(symbol) for symbol in species]
        try:
            energy, _, _ = model.eval(atoms.positions.reshape(1, -1), atoms.cell.array.reshape(1, -1), types)
        except FrameFailed as failure:
            raise UserError(
                f"release.{potential}.given.calculator {section.calculator} can't evaluate a chain of "
                f"{' '.join(species)}: {failure.reason}; take one that knows these species"
            ) from failure
    print(f"{section.calculator}: {energy[0, 0]:.3f} eV for a chain of {' '.join(species)}")


def chain(species: list[str]) -> Atoms:
    """Each species once, in a row of neighbours that goes on without end."""
    cell = [SPACING_A * len(species), 2 * SPACING_A, 2 * SPACING_A]
    return Atoms(species, positions=[[SPACING_A * k, 0, 0] for k in range(len(species))], cell=cell, pbc=True)


if __name__ == "__main__":
    typer.run(train_calculator)
