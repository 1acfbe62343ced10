"""LAMMPS commands of what drives a walk of the benchmark: a DeePMD model, or a classical reference."""

from pathlib import Path
from typing import Any

from melt2crystal.errors import UserError
from melt2crystal.lammps.include import lammps_word, potential_commands
from melt2crystal.sections.reference import LammpsReference

EWALD_ACCURACY = 1e-5  # of the classical reference's forces in dynamics; labels are more accurate


def model_commands(model: Path, species: list[str]) -> str:
    """The model as a LAMMPS force field."""
    return f"pair_style deepmd {lammps_word(model)}\npair_coeff * * {' '.join(species)}\n"


def reference_commands(reference: dict[str, Any], species: list[str], key: str) -> str:
    """The classical reference as a LAMMPS force field.

    Args:
        reference: the section of this name.
        key: of the study, to be named where the reference can't walk.

    Raises:
        UserError: the reference is no classical potential.
    """
    engine = reference["engine"]
    if engine != "lammps":
        raise UserError(f"{key}: molecular dynamics with the engine {engine!r} is not built in; set {key}: false")
    rules = LammpsReference.model_validate(reference)
    accuracy = max(EWALD_ACCURACY, rules.ewald_accuracy)
    return potential_commands(Path(rules.potential), species, accuracy)
