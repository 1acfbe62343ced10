"""One check of a frame that others wrote, before any number of it is used: by the plan and by the jobs alike."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.units import GPa

from melt2crystal.errors import UserError
from melt2crystal.frames import frame_id, perpendicular_widths, read_frames, too_close
from melt2crystal.structure.energies import ELSEWHERE, said_twice

STATE = {"temperature_K": (0.0, 1e5), "pressure_GPa": (-100.0, 1e4)}  # no melt is beyond: other units
VOLUME_A3_PER_ATOM = (0.5, 2000.0)
NARROWEST_A = 1.0  # between opposite faces of a cell; no crystal repeats itself in less, and images would be countless
LARGEST_COORDINATE_A = 1e6  # also of a walk that was never wrapped; beyond, doubles lose the digits that a file keeps
ENERGIES_APART_EV_PER_ATOM = 1e-3  # energy and free energy; two labels of one frame
FORCES_APART_EV_PER_A = 0.02  # two labels of one frame
LARGEST_STRESS = 10.0  # eV/Å³: 1600 GPa
STRESS_WITHOUT_PRESSURE = 1.0  # eV/Å³ (160 GPa) by which a label may miss the pressure that its frame says
LARGEST_ENERGY_EV_PER_ATOM = 1e6  # all electrons of uranium have 0.8e6
LARGEST_ASYMMETRY = 1e-4  # eV/Å³ between xy and yx
SMALLEST_MARK = 0.01  # charges and Bohr magnetons; below are leavings of an electronic structure without
MARKS = {
    **dict.fromkeys(("charge", "charges"), "a net charge"),
    **dict.fromkeys(("magmom", "magmoms", "magnetization", "magnetic_moment", "spin", "spins"), "a magnetic moment"),
    **dict.fromkeys(("multiplicity", "spin_multiplicity"), "a multiplicity"),
}

Check = Callable[[Atoms], str]


def checked_frames(path: Path | str, *checks: Check) -> list[Atoms]:
    """The frames of a file, each of which passes the checks.

    Raises:
        UserError: the first frame that does not, counted from 0.
    """
    frames = read_frames(path)
    for number, atoms in enumerate(frames):
        refuse(atoms, f"{path}: frame {number}", *checks)
    return frames


def refuse(atoms: Atoms, where: str, *checks: Check) -> None:
    """Raise UserError with the first thing that is wrong with a frame."""
    for check in checks:
        if problem := check(atoms):
            raise UserError(f"{where} {problem}")


def structure_problem(atoms: Atoms) -> str:
    """What is wrong with species, cell, periodicity and positions, in words, or an empty text."""
    if not len(atoms):
        return "holds no atoms"
    if (atoms.numbers < 1).any():
        return "holds atoms of no element (X)"
    if not np.isfinite(atoms.cell.array).all() or not np.isfinite(atoms.positions).all():
        return "has a cell or positions that are not finite"
    if (farthest := max(np.abs(atoms.positions).max(), np.abs(atoms.cell.array).max())) > LARGEST_COORDINATE_A:
        return f"has a coordinate or cell vector of {farthest:.3g} Å (at most {LARGEST_COORDINATE_A:.0e}): correct it"
    if not atoms.cell.volume:
        return 'has no cell (Lattice="..."): only a periodic bulk can be used'
    if not atoms.pbc.all():
        said = " ".join("T" if periodic else "F" for periodic in atoms.pbc)
        return f'says pbc="{said}": only what is periodic in three directions (pbc="T T T") can be used'
    smallest, largest = VOLUME_A3_PER_ATOM
    volume = abs(atoms.cell.volume) / len(atoms)
    if not smallest <= volume <= largest:
        return f"has {volume:.4g} Å³ an atom: its Lattice must be in Å"
    if (narrowest := perpendicular_widths(atoms.cell.array).min()) < NARROWEST_A:
        return (
            f"has a cell whose opposite faces are {narrowest:.3g} Å apart (at least {NARROWEST_A:g}): its cell vectors "
            "must be in Å; write a cell of the lattice that is less skewed or larger"
        )
    return ""


def distance_check(minimum_distances_A: Mapping[str, float]) -> Check:
    """The check that no pair of atoms is closer than ``substance.minimum_distances_A``."""

    def distance_problem(atoms: Atoms) -> str:
        reason = too_close(atoms, minimum_distances_A)
        return f"can get no label: {reason} (substance.minimum_distances_A)" if reason else ""

    return distance_problem


def digest_check(digest: str) -> Check:
    """The check that a frame of a given file is not said to be of another reference."""

    def digest_problem(atoms: Atoms) -> str:
        said = atoms.info.get("settings_digest", digest)
        if said == digest:
            return ""
        return (
            f"says settings_digest={said}: it is a label of another reference, the one declared has {digest}. Name the "
            "file in label.known of a study with that reference, or take the key out if the declared code computed it"
        )

    return digest_problem


def state_problem(atoms: Atoms) -> str:
    """What is wrong with temperature and pressure, or an empty text."""
    missing = [name for name in STATE if name not in atoms.info]
    if missing:
        return f"does not say {' and '.join(missing)}"
    for name, (low, high) in STATE.items():
        if problem := number_problem(name, atoms.info[name]):
            return problem
        if not low < float(atoms.info[name]) <= high:
            return f"says {name}={atoms.info[name]}, which is beyond {low:g} to {high:g} (K, GPa)"
    return ""


def pressure_problem(atoms: Atoms) -> str:
    """What is wrong with ``pressure_GPa`` of a frame that has no temperature."""
    if "pressure_GPa" not in atoms.info:
        return "does not say pressure_GPa"
    return number_problem("pressure_GPa", atoms.info["pressure_GPa"])


def identity_problem(atoms: Atoms) -> str:
    """Why the frame isn't the one that its id names, or an empty text: a label would be kept under the wrong name."""
    said, found = atoms.info.get("frame_id"), frame_id(atoms)
    if said == found:
        return ""
    return f"says frame_id={said}, but its cell and atoms are those of {found}: the file was edited; make it again"


def number_problem(name: str, value: Any) -> str:
    """Why a value is no finite number, or an empty text."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        shown = np.array2string(value, threshold=4) if isinstance(value, np.ndarray) else repr(value)
        return f"says {name}={shown}, which is no number; write a plain one without a unit"
    return "" if np.isfinite(float(value)) else f"says {name}={value}, which is not finite"


def label_problem(atoms: Atoms) -> str:
    """What is wrong with energy, forces and stress, or an empty text."""
    results: dict[str, Any] = atoms.calc.results if atoms.calc is not None else {}
    for name, others in ELSEWHERE.items():
        if name not in results:
            other = next((key for key in others if key in results or key in atoms.info or key in atoms.arrays), "")
            return f"has no {name}" + (_translation(name, other) if other else "")
    if problem := number_problem("energy", results["energy"]):
        return problem
    if abs(float(results["energy"])) > LARGEST_ENERGY_EV_PER_ATOM * len(atoms):
        return f"says energy={results['energy']} for {len(atoms)} atoms: it must be in eV, of the whole cell"
    shapes: dict[str, list[tuple[int, ...]]] = {"forces": [(len(atoms), 3)], "stress": [(6,), (3, 3)]}
    for name, allowed in shapes.items():
        try:
            values = np.asarray(results[name], dtype=float)
        except (TypeError, ValueError):
            return f"has {name} that are no numbers"
        if values.shape not in allowed:
            return f"has {name} of the shape {list(values.shape)}, not {' or '.join(str(list(s)) for s in allowed)}"
        if not np.isfinite(values).all():
            return f"has {name} that are not finite"
    return (
        _energies_apart(atoms)
        or _asymmetric_stress(results["stress"])
        or said_twice(atoms)
        or electrons_problem(atoms)
        or _stress_of_other_units(atoms)
    )


def _asymmetric_stress(stress: Any) -> str:
    """Why a stress as it was read is no symmetric tensor, or an empty text: half of it would be left out."""
    values = np.asarray(stress, dtype=float)
    if values.shape == (6,) or (apart := float(np.abs(values - values.T).max())) <= LARGEST_ASYMMETRY:
        return ""
    return (
        f"has a stress whose xy and yx (or xz and zx, yz and zy) are {apart:.3g} eV/Å³ apart: the order of its numbers "
        "is wrong; write nine, xx xy xz yx yy yz zx zy zz"
    )


def electrons_problem(atoms: Atoms) -> str:
    """A net charge or a magnetic moment that a frame says it has, in words, or an empty text: no engine here has them.

    Zeros pass, and charges of single atoms that make a neutral cell.
    """
    results = atoms.calc.results if atoms.calc is not None else {}
    everything = {**atoms.info, **atoms.arrays, **results}
    for name, value in everything.items():
        kind = MARKS.get(str(name).lower().replace("total_", "").replace("initial_", "").replace("net_", ""))
        if kind is None:
            continue
        try:
            values = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            return f"says {name}={value!r}, which is no number; write a plain one, or take it out"
        largest = abs(values.sum()) if kind == "a net charge" else np.abs(values).max(initial=0.0)
        if not largest <= SMALLEST_MARK and not (kind == "a multiplicity" and largest == 1):
            return (
                f"says {name} of {largest:.4g}, {kind}: engines and potentials here have neither spin nor charge; take "
                "labels without, or take the key out if it says something else"
            )
    return ""


def _translation(name: str, other: str) -> str:
    how = ", stress = -virial / volume," if name == "stress" and "vir" in other.lower() else ""
    return f", but {other}: write it under the name {name}{how} in the units of docs/reference/files.md"


def _energies_apart(atoms: Atoms) -> str:
    """Forces are derivatives of one of the two: with a smearing or a spin of atoms they differ."""
    if "free_energy" not in atoms.calc.results:
        return ""
    free = atoms.calc.results["free_energy"]
    if problem := number_problem("free_energy", free):
        return problem
    apart = (float(free) - float(atoms.calc.results["energy"])) / len(atoms)
    if abs(apart) <= ENERGIES_APART_EV_PER_ATOM:
        return ""
    return (
        f"says an energy and a free_energy {1000 * apart:+.1f} meV/atom apart; keep the one that the forces are "
        "derivatives of (with a smearing the free energy) under the name energy, and take the other out"
    )


def _stress_of_other_units(atoms: Atoms) -> str:
    largest = float(np.abs(np.asarray(atoms.calc.results["stress"], dtype=float)).max())
    said = atoms.info.get("pressure_GPa")
    most = LARGEST_STRESS
    if said is not None and not number_problem("pressure_GPa", said):
        most = min(most, STRESS_WITHOUT_PRESSURE + 3 * abs(float(said)) * GPa)
    if largest <= most:
        return ""
    pressure = f"; its pressure_GPa is {said}" if said is not None else ""
    return f"has a stress of {largest:.3g} eV/Å³ ({largest / GPa:.0f} GPa{pressure}): is it in GPa or kbar?"


def falling_pressure(frames: Sequence[Atoms]) -> str:
    """Does the pressure of the labels fall where the density rises, as with a stress of the other sign? In words.

    Asked of each composition with five frames or more whose densities differ by 5 % or more. A substance under such
    a pressure would collapse; the scatter of melts does not bring it about.
    """
    of_composition: dict[str, list[Atoms]] = {}
    for atoms in frames:
        if atoms.calc is not None and "stress" in atoms.calc.results:
            of_composition.setdefault(atoms.get_chemical_formula(empirical=True), []).append(atoms)
    for members in of_composition.values():
        density = np.log([len(atoms) / atoms.get_volume() for atoms in members])
        if len(members) < 5 or np.ptp(density) < 0.05:
            continue
        pressure = np.array([-np.trace(atoms.get_stress(voigt=False)) / 3 / GPa for atoms in members])
        if np.corrcoef(density, pressure)[0, 1] < -0.7 and (modulus := np.polyfit(density, pressure, 1)[0]) < -1:
            return (
                f"the pressure of the labels falls as the density rises (by {-modulus:.3g} GPa for a factor e): the "
                "stress has the other sign (VASP prints -stress, in kbar). Positive is tension here: write "
                "stress = -virial / volume, eV/Å³"
            )
    return ""


def labels_differ(one: tuple[float, np.ndarray], other: tuple[float, np.ndarray]) -> str:
    """How two labels (energy eV, forces eV/Å) of one frame differ, beyond the noise of processors; in words."""
    energy = abs(one[0] - other[0]) / len(one[1])
    forces = float(np.abs(one[1] - other[1]).max())
    if energy <= ENERGIES_APART_EV_PER_ATOM and forces <= FORCES_APART_EV_PER_A:
        return ""
    return f"energies {1000 * energy:.3g} meV/atom and forces up to {forces:.3g} eV/Å apart"
