"""The potential of a search without a study: a file, a folder of models, a LAMMPS include file, or an ASE calculator by
name."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ase import Atoms

from melt2crystal.errors import EngineError, UserError
from melt2crystal.files import digest_of_file
from melt2crystal.lammps.include import potential_files
from melt2crystal.search.alone.beginning import radius_A
from melt2crystal.train.calculators import SUFFIX, write_calculator
from melt2crystal.train.include_files import INCLUDE, is_include
from melt2crystal.train.models import Ensemble

TENSORFLOW = ".pb"
MODELS = (TENSORFLOW, ".pth")
COMPRESSED = "-compressed"
DIGITS = re.compile(r"(\d+)")
IMPORTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*[.:][A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
FILE = f"potential{SUFFIX}"  # of a calculator, in the folder of results
TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Calculator:
    """An ASE calculator.

    Args:
        name: import path, 'package.module:Class'.
        arguments: keyword arguments; those that are names of files are noted with their content.
        interpreter: python of the environment that has it; None: this one.
        timeout_s: longest time of one evaluation.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    interpreter: str | None = None
    timeout_s: float = TIMEOUT_S

    def write(self, path: Path) -> Path:
        """Write the file that stands for a model."""
        files = [one for one in self.arguments.values() if isinstance(one, str) and one and Path(one).is_file()]
        return write_calculator(
            path, self.name, self.arguments, interpreter=self.interpreter, files=files, timeout_s=self.timeout_s
        )


@dataclass(frozen=True)
class Potential:
    """What relaxes: models of DeePMD-kit, a LAMMPS include file, or one ASE calculator; loaded and asked once.

    Args:
        named: as the user calls it.
        models: files; none of a calculator.
        ensemble: all of them, loaded.
        digests: file, and SHA-256 of its content; of an include file those of the files it names, too.
        calculator: or None.
    """

    named: str
    models: tuple[Path, ...]
    ensemble: Ensemble
    digests: tuple[dict[str, str], ...]
    calculator: Calculator | None

    def members(self, folder: Path) -> list[Path]:
        """Files that worker processes read; that of a calculator is written into the folder of results."""
        return list(self.models) or ([self.calculator.write(folder / FILE)] if self.calculator else [])


def potential(
    named: Path | str,
    formula: Mapping[str, int],
    arguments: Mapping[str, Any] | None = None,
    interpreter: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Potential:
    """The potential of this name, which knows the species and gives finite numbers.

    Raises:
        UserError: there is none, it can't be loaded, or not evaluate the substance.
    """
    place, species = Path(named), list(formula)
    a_file = place.exists() or place.suffix in (*MODELS, ".pt", SUFFIX, INCLUDE)
    imported = IMPORTED.fullmatch(str(named)) and not a_file
    if not imported:
        if arguments or interpreter:
            raise UserError(f"--potential {named}: arguments and interpreter belong to an ASE calculator, named so")
        models = members_of(place)
        ensemble = load(models, species)
        _probe(ensemble, formula, str(named))
        read = [Path(name) for model in models for name in (potential_files(model) if is_include(model) else [model])]
        return Potential(str(named), tuple(models), ensemble, tuple(digests(read)), None)
    calculator = Calculator(import_path(str(named)), dict(arguments or {}), interpreter, timeout_s)
    with TemporaryDirectory() as folder:
        path = calculator.write(Path(folder) / FILE)
        told = ({"file": calculator.name, "sha256": digest_of_file(path)},)
        try:
            ensemble = Ensemble([path])
        except UserError as error:
            raise UserError(f"--potential {named}: {str(error).removeprefix(f'{path}: ')}") from error
    _probe(ensemble, formula, str(named))
    return Potential(str(named), (), ensemble, told, calculator)


def import_path(named: str) -> str:
    """'ase.calculators.emt.EMT' as 'ase.calculators.emt:EMT': class: first part with a capital, or the last."""
    if ":" in named:
        return named
    parts = named.split(".")
    first = next((k for k, part in enumerate(parts) if part[0].isupper()), len(parts) - 1)
    return f"{'.'.join(parts[:first])}:{'.'.join(parts[first:])}" if first else named


def members_of(place: Path) -> list[Path]:
    """The models of a potential: a file, or those in a folder, compressed ones before the frozen ones they are of.

    Raises:
        UserError: there is none.
    """
    kinds = " or ".join(MODELS)
    if place.is_dir():
        names = [path for path in place.iterdir() if path.suffix in MODELS and path.is_file()]
        chosen = {}
        for path in sorted(names, key=lambda path: (COMPRESSED in path.stem, path.suffix == TENSORFLOW)):
            chosen[path.stem.removesuffix(COMPRESSED)] = path
        if not chosen:
            raise UserError(
                f"--potential {place}: this folder holds no model ({kinds}); name a folder such as "
                "results/STUDY/models/hp, or the file of a model"
            )
        return [chosen[stem] for stem in sorted(chosen, key=_in_number_order)]
    if not place.exists():
        raise UserError(
            f"--potential {place}: there is no such file or folder; name a model ({kinds}), a folder of models, a "
            f"LAMMPS include file ({INCLUDE}), or an ASE calculator (ase.calculators.emt:EMT)"
        )
    if place.suffix not in (*MODELS, SUFFIX, INCLUDE):
        raise UserError(
            f"--potential {place}: is no frozen model of DeePMD-kit ({kinds}), no LAMMPS include file ({INCLUDE}) and "
            f"no file of a calculator ({SUFFIX}); freeze it first (dp freeze), or name another file"
        )
    return [place]


def _in_number_order(stem: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in DIGITS.split(stem) if part]


def load(members: Sequence[Path], species: Sequence[str]) -> Ensemble:
    """The ensemble, each member of which knows all species.

    Raises:
        UserError: a file can't be read, is no model, or its model doesn't know a species.
    """
    for path in members:
        try:
            with open(path, "rb") as handle:
                handle.read(1)
        except OSError as error:
            raise UserError(f"--potential {path}: can't be read ({error.strerror}); see who may read it") from error
    quiet()
    ensemble = Ensemble(members)
    for path, known in zip(members, ensemble.type_maps, strict=True):
        if unknown := [symbol for symbol in species if symbol not in known]:
            raise UserError(
                f"--potential {path}: this model knows {', '.join(known)}, not {', '.join(unknown)}; name another "
                "potential or another --formula"
            )
    return ensemble


def quiet() -> None:
    """DeePMD-kit advises on its batches whenever a model is loaded; nobody asked."""
    logging.getLogger("deepmd.utils.batch_size").setLevel(logging.ERROR)


def _probe(ensemble: Ensemble, formula: Mapping[str, int], named: str) -> None:
    """Ask for a formula unit whose atoms stand apart, before anything is spent.

    Raises:
        UserError: the potential can't evaluate it, or gives no finite numbers.
    """
    symbols = [symbol for symbol, count in formula.items() for _ in range(count)]
    edge = int(np.ceil(len(symbols) ** (1 / 3)))
    apart = 2.2 * max(map(radius_A, formula))
    grid = np.array(list(np.ndindex(edge, edge, edge)), dtype=float)[: len(symbols)]
    atoms = Atoms(symbols, grid * apart, cell=np.eye(3) * edge * apart, pbc=True)
    try:
        energies, forces, virials = ensemble.evaluate([atoms])
    except EngineError as error:
        raise UserError(f"--potential {named}: {re.sub(rf'^.*{FILE}: ', '', str(error))}") from error
    except Exception as error:  # potentials raise anything
        raise UserError(
            f"--potential {named}: can't evaluate {atoms.get_chemical_formula()} ({error}); name another potential, or "
            "another --formula"
        ) from error
    if not all(np.isfinite(values).all() for values in (energies, forces[0], virials)):
        raise UserError(
            f"--potential {named}: energy, forces or stress of {atoms.get_chemical_formula()}, atoms "
            f"{apart:.1f} Å apart, are not finite; name another potential"
        )


def digests(members: Sequence[Path]) -> list[dict[str, str]]:
    """File and SHA-256 of each."""
    return [{"file": str(path), "sha256": digest_of_file(path)} for path in members]
