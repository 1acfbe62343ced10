"""Worker of the ase engine: needs nothing but Python, numpy, ASE and the calculator, so it runs in any environment.

``python worker.py package.module:Class '{"argument": 1}' '["package"]' fresh``: calculator, its arguments, packages
whose versions are asked for, ``fresh`` for a new calculator for each task or ``same`` for one for all. One JSON task a
line in, one JSON answer a line out. ASE 3.22 (Debian 12's) and newer.
"""

import contextlib
import errno
import importlib
import importlib.metadata
import json
import operator
import os
import sys

FMAX = 1e-3  # eV/Å, when a relaxation has converged
STEPS = 1000


def load_calculator(path: str, arguments: dict):
    """The calculator of an import path 'package.module:Class' or 'package.module:Class.from_file'."""
    module, _, name = path.partition(":")
    return operator.attrgetter(name)(importlib.import_module(module))(**arguments)


def introduce(calculator, packages: list) -> dict:
    """What the engine checks before any frame is computed: versions, and properties (None: not told)."""
    versions = {}
    for name in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    properties = getattr(calculator, "implemented_properties", None)
    return {"ready": True, "versions": versions, "properties": None if properties is None else list(properties)}


def perform(task: dict, calculator) -> dict:
    """Energy (the one the forces belong to), forces, stress (Voigt) of one configuration, relaxed first if asked."""
    from ase import Atoms

    atoms = Atoms(task["symbols"], positions=task["positions"], cell=task["cell"], pbc=True)
    atoms.calc = calculator
    if task["task"] != "evaluate":
        _relax(atoms, task["pressure_GPa"] if task["task"] == "relax_cell" else None)
    forces = atoms.get_forces()
    stress = atoms.get_stress()
    try:
        energy = atoms.get_potential_energy(force_consistent=True)
    except Exception:  # the calculator knows only one energy
        energy = atoms.get_potential_energy()
    return {
        "energy": float(energy),
        "forces": forces.tolist(),
        "stress": stress.tolist(),
        "positions": atoms.get_positions().tolist(),
        "cell": atoms.cell.array.tolist(),
    }


def _relax(atoms, pressure_GPa) -> None:
    """Ions, and the cell too unless ``pressure_GPa`` is None; BFGS."""
    from ase.optimize import BFGS
    from ase.units import GPa

    target = atoms
    if pressure_GPa is not None:
        try:
            cell_filter = importlib.import_module("ase.filters").FrechetCellFilter
        except ImportError:  # before ASE 3.23
            cell_filter = importlib.import_module("ase.constraints").ExpCellFilter
        target = cell_filter(atoms, scalar_pressure=pressure_GPa * GPa)
    optimiser = BFGS(target, logfile=None)  # type: ignore[arg-type]
    optimiser.run(fmax=FMAX, steps=STEPS)
    largest = float((target.get_forces() ** 2).sum(axis=1).max() ** 0.5)
    if not largest < FMAX:
        raise RuntimeError(f"the relaxation did not converge in {STEPS} steps: largest force {largest:.2g} eV/Å")


def _short_of(error: BaseException) -> str:
    """What a calculator failed for want of: memory (also of a GPU), space on a disk, or ''."""
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__:
        return "memory"
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return "space"
    killed = getattr(error, "returncode", None) in (-9, 137)  # a program of the calculator's
    return "memory" if killed else ""


def main() -> None:
    """Serve tasks until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the calculator prints must not mix with the answers

    def answer(values: dict) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    path, arguments, fresh = sys.argv[1], json.loads(sys.argv[2]), sys.argv[4] == "fresh"
    try:
        importlib.import_module("ase")  # a missing one is told at once, not by the first frame
        calculator = load_calculator(path, arguments)
        answer(introduce(calculator, json.loads(sys.argv[3])))
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {error}"})
        return
    for line in sys.stdin:
        before = sum(os.times()[:4])
        try:
            calculator = calculator or load_calculator(path, arguments)
            values = perform(json.loads(line), calculator)
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            values = {
                "error": words,
                "unconverged": "onverge" in words,
                "short_of": _short_of(error),
                "unable": isinstance(error, NotImplementedError),  # ASE's PropertyNotImplementedError is one
            }
        if fresh or "error" in values:  # what failed may be left in any state
            calculator = None
        answer({**values, "seconds": sum(os.times()[:4]) - before})


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
