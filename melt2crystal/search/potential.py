"""The released potential as a calculator factory: picklable, DeePMD is loaded where it is called."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ase.calculators.calculator import Calculator

from melt2crystal.errors import UserError


@dataclass(frozen=True)
class ModelFactory:
    """Calls give the ASE calculator of one frozen model."""

    path: str

    def __call__(self) -> Calculator:
        """Load the model."""
        from melt2crystal.train.models import Ensemble

        return Ensemble([self.path]).calculator(0)


def member_path(models: Sequence[Path], member: int) -> Path:
    """The model that drives the search.

    Raises:
        UserError: there is no such member.
    """
    if not 0 <= member < len(models):
        raise UserError(
            f"search.relax_member is {member}, but the ensemble has {len(models)} members; "
            f"name one of 0-{len(models) - 1}"
        )
    return models[member]
