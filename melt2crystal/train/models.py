"""An ensemble of models, evaluated in batches or as ASE calculators: of DeePMD-kit, LAMMPS include files, calculators
of others."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from melt2crystal.errors import UserError
from melt2crystal.relaxation.lock_step import Evaluator, LockStep
from melt2crystal.relaxation.one_by_one import OneByOne
from melt2crystal.relaxation.relaxer import Relaxer
from melt2crystal.train.calculators import CalculatorModel, FrameFailed, is_calculator
from melt2crystal.train.include_files import INCLUDE, IncludeModel, is_include

BATCH_ATOMS = 20_000  # atoms in one call: bounds the memory, costs no speed
LOCK_STEP = (".pb", INCLUDE)  # what takes many structures in one call at less cost than each alone


class Ensemble:
    """Models of one ensemble, loaded once.

    Args:
        paths: frozen or compressed models of DeePMD-kit, LAMMPS include files (.lmp), or files of ASE calculators
            (``write_calculator``).

    Raises:
        UserError: a model can't be loaded, or a calculator can't be made.
    """

    def __init__(self, paths: Sequence[Path | str]) -> None:
        for variable in ("OMP_NUM_THREADS", "DP_INTRA_OP_PARALLELISM_THREADS", "DP_INTER_OP_PARALLELISM_THREADS"):
            os.environ.setdefault(variable, "1")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        self.paths = [Path(path) for path in paths]
        self.models: list[Any] = [_model(path) for path in paths]
        # a model trained elsewhere numbers the species in its own order
        self.type_maps = [list(model.get_type_map()) for model in self.models]

    def __len__(self) -> int:
        return len(self.models)

    def evaluate(self, frames: Sequence[Atoms]) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        """Energies [models, frames] (eV), forces, one array [models, atoms, 3] a frame (eV/Å), and virials
        [models, frames, 3, 3] (eV; minus volume times ASE's stress).

        Raises:
            UserError: an ASE calculator or LAMMPS failed on a frame, or gave numbers that are not finite.
        """
        energies = np.empty((len(self), len(frames)))
        virials = np.empty((len(self), len(frames), 3, 3))
        forces = [np.empty((len(self), len(atoms), 3)) for atoms in frames]
        for members in self._batches(frames):
            batch = [frames[index] for index in members]
            coordinates = np.stack([atoms.get_positions().ravel() for atoms in batch])
            cells = np.stack([atoms.cell.array.ravel() for atoms in batch])
            for number, model in enumerate(self.models):
                types = self.types(number, batch[0])
                try:
                    energy, force, virial = model.eval(coordinates, cells, types)[:3]
                except FrameFailed as failure:
                    raise self._told(number, frames, members[failure.index], failure.reason) from failure
                if isinstance(model, CalculatorModel | IncludeModel):
                    sums = energy.ravel() + force.sum(axis=(1, 2)) + virial.sum(axis=1)
                    if not np.isfinite(sums).all():
                        first = int(np.argmin(np.isfinite(sums)))
                        raise self._told(number, frames, members[first], "energy, forces or stress are not finite")
                energies[number, members] = energy.ravel()
                virials[number, members] = virial.reshape(-1, 3, 3)
                for index, of_frame in zip(members, force, strict=True):
                    forces[index][number] = of_frame
        return energies, forces, virials

    def _told(self, member: int, frames: Sequence[Atoms], index: int, reason: str) -> UserError:
        """What to say of a frame that a calculator can't do."""
        info = frames[index].info
        name = info.get("polymorph") or info.get("id") or info.get("frame_id") or frames[index].get_chemical_formula()
        who = self.models[member].member.calculator if is_calculator(self.paths[member]) else "LAMMPS"
        return UserError(
            f"{self.paths[member]}: {who} can't evaluate frame {index} ({name}): "
            f"{reason}; leave this structure out of the study, or take another calculator"
        )

    def types(self, member: int, atoms: Atoms) -> list[int]:
        """Number of each atom's species as one member counts them.

        Raises:
            UserError: the model doesn't know a species.
        """
        type_map = self.type_maps[member]
        unknown = sorted(set(atoms.symbols) - set(type_map))
        if unknown:
            path = self.paths[member]
            raise UserError(f"{path}: the model knows {' '.join(type_map)} only, not {' '.join(unknown)}; name another")
        return [type_map.index(symbol) for symbol in atoms.symbols]

    def _batches(self, frames: Sequence[Atoms]) -> list[list[int]]:
        """Indices of frames with the same atoms in the same order, in batches of bounded size."""
        alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, atoms in enumerate(frames):
            alike[tuple(atoms.numbers)].append(index)
        batches = []
        for numbers, indices in alike.items():
            size = max(1, BATCH_ATOMS // len(numbers))
            batches += [indices[start : start + size] for start in range(0, len(indices), size)]
        return batches

    def calculator(self, member: int = 0) -> Calculator:
        """One model as an ASE calculator."""
        return _ModelCalculator(self, member)

    def evaluator(self, symbols: Sequence[str], member: int = 0) -> Evaluator:
        """One model for many structures with these atoms in this order: arrays in, arrays out.

        Raises:
            UserError: the model doesn't know a species.
        """
        types, model = self.types(member, Atoms(symbols)), self.models[member]

        def evaluate(positions: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            count = len(cells)
            energies, forces, virials = model.eval(positions.reshape(count, -1), cells.reshape(count, 9), types)[:3]
            return energies.ravel(), forces.reshape(positions.shape), virials.reshape(cells.shape)

        return evaluate


def _model(path: Path | str) -> Any:
    if is_calculator(path):
        return CalculatorModel(path)
    return IncludeModel(path) if is_include(path) else _deepmd(path)


def _deepmd(path: Path | str) -> Any:
    """A model of DeePMD-kit."""
    from deepmd.infer import DeepPot

    try:
        return DeepPot(str(path))
    except Exception as error:
        raise UserError(f"{path}: DeePMD can't load this model ({type(error).__name__}: {error})") from error


class _ModelCalculator(Calculator):
    """ASE calculator of one loaded model (the wheel's own loads the graph again each time)."""

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012  (as ASE wants it)

    def __init__(self, ensemble: Ensemble, member: int) -> None:
        super().__init__()
        self.ensemble, self.member, self.model = ensemble, member, ensemble.models[member]

    def calculate(
        self, atoms: Atoms | None = None, properties: Sequence[str] = ("energy",), system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        types = self.ensemble.types(self.member, self.atoms)
        coordinates = self.atoms.get_positions().reshape(1, -1)
        energy, forces, virial = self.model.eval(coordinates, self.atoms.cell.array.reshape(1, -1), types)[:3]
        stress = -virial.reshape(3, 3) / self.atoms.get_volume()
        self.results = {
            "energy": float(energy.ravel()[0]),
            "free_energy": float(energy.ravel()[0]),
            "forces": forces[0],
            "stress": full_3x3_to_voigt_6_stress(stress),
        }


@dataclass(frozen=True)
class ModelFactory:
    """Calls give the ASE calculator of one model."""

    path: str

    def __call__(self) -> Calculator:
        """Load the model."""
        return Ensemble([self.path]).calculator(0)


@dataclass(frozen=True)
class RelaxerFactory:
    """Calls give what relaxes structures with one model: TensorFlow's and LAMMPS' in lock step, PyTorch's and ASE
    calculators one by one."""

    path: str

    def __call__(self) -> Relaxer:
        """Load the model."""
        ensemble = Ensemble([self.path])
        if Path(self.path).suffix in LOCK_STEP:
            return LockStep(ensemble.evaluator)
        return OneByOne(ensemble.calculator(0))


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
