"""Names of the energies of a structure in the columns of tables, eV per atom, and of its label in other programs."""

from typing import Any

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress

ENERGY = "energy_eV_per_atom"  # of the potential or the engine that the table is about
ENTHALPY = "enthalpy_eV_per_atom"  # E + p V of the same
HP, REFERENCE = "energy_hp_mean_eV_per_atom", "energy_reference_eV_per_atom"  # of found structures, same geometry
SAME = 1e-6  # of the largest value (eV, eV/Å, eV/Å³; at least 1) by which one result under two names may differ
# what other programs call these; how they are turned into ours
ELSEWHERE = {
    "energy": ("free_energy", "REF_energy", "ref_energy", "dft_energy", "DFT_energy", "total_energy", "Energy", "E"),
    "forces": ("force", "REF_forces", "ref_forces", "dft_forces", "DFT_forces", "Forces", "gradient"),
    "stress": ("virials", "virial", "REF_stress", "REF_virials", "REF_virial", "dft_stress", "dft_virial", "Stress"),
}


def said_twice(atoms: Atoms) -> str:
    """Another value of a result under another name, or an empty text: which of the two is meant can't be known."""
    everything = {**atoms.info, **atoms.arrays, **atoms.calc.results}
    for name, others in ELSEWHERE.items():
        ours = _comparable(name, atoms.calc.results[name], atoms)
        allowed = SAME * max(1.0, float(np.abs(ours).max()))
        for other in others:
            if other not in everything or other == "free_energy":  # that one has a rule of its own
                continue
            theirs = _comparable(other, everything[other], atoms)
            if theirs.shape != ours.shape or not float(np.abs(theirs - ours).max()) <= allowed:
                shown = f"={float(ours):.10g} and {other}={everything[other]}" if name == "energy" else f" and {other}"
                return (
                    f"says {name}{shown}, which are not the same: keep the one that is meant under the name {name} and "
                    f"take {other} out"
                )
    return ""


def _comparable(name: str, value: Any, atoms: Atoms) -> np.ndarray:
    """A result as this project has it, whatever its name: the stress as a tensor [3, 3]; [0] if it is no number."""
    try:
        values = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return np.empty(0)
    if name == "gradient":
        return -values
    if "vir" in name.lower() or "stress" in name.lower():
        sign = -1 / atoms.cell.volume if "vir" in name.lower() else 1.0
        return sign * (voigt_6_to_full_3x3_stress(values) if values.shape == (6,) else values)
    return values
