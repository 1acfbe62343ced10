"""Worker of the ase engine: needs nothing but Python, numpy, ASE and the calculator, so it runs in any environment.

``python ase_worker.py package.module:Class '{"argument": 1}'``; one JSON task a line in, one JSON answer a line out.
"""

import contextlib
import importlib
import json
import os
import sys


def load_calculator(path: str, arguments: dict):
    """The calculator of an import path 'package.module:Class'."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)(**arguments)


def perform(task: dict, calculator) -> dict:
    """Energy (the one the forces belong to), forces, stress (Voigt) of one configuration, relaxed first if asked."""
    from ase import Atoms
    from ase.units import GPa

    atoms = Atoms(task["symbols"], positions=task["positions"], cell=task["cell"], pbc=True)
    atoms.calc = calculator
    if task["task"] != "evaluate":
        from ase.filters import FrechetCellFilter
        from ase.optimize import BFGS

        cell = task["task"] == "relax_cell"
        target = FrechetCellFilter(atoms, scalar_pressure=task["pressure_GPa"] * GPa) if cell else atoms
        BFGS(target, logfile=None).run(fmax=1e-3, steps=1000)  # type: ignore[arg-type]
    forces = atoms.get_forces()
    try:
        energy = atoms.get_potential_energy(force_consistent=True)
    except Exception:  # the calculator knows only one energy
        energy = atoms.get_potential_energy()
    return {
        "energy": float(energy),
        "forces": forces.tolist(),
        "stress": atoms.get_stress().tolist(),
        "positions": atoms.get_positions().tolist(),
        "cell": atoms.cell.array.tolist(),
    }


def main() -> None:
    """Serve tasks until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the calculator prints must not mix with the answers

    def answer(values: dict) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    try:
        calculator = load_calculator(sys.argv[1], json.loads(sys.argv[2]))
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {error}"})
        return
    answer({"ready": True})
    for line in sys.stdin:
        try:
            answer(perform(json.loads(line), calculator))
        except Exception as error:
            unconverged = "onverge" in f"{type(error).__name__} {error}"
            answer({"error": f"{type(error).__name__}: {error}", "unconverged": unconverged})


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
