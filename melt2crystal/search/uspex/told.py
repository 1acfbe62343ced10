"""What the files beside USPEX's results tell of how they were made: species and pressure."""

import re
from dataclasses import dataclass
from pathlib import Path

from melt2crystal.lammps.static import BAR_PER_GPA
from melt2crystal.search.uspex.folder import INPUT, PARAMETERS, SPECIFIC

ISO = re.compile(r"iso", re.IGNORECASE)
PRESSURE_WORD = 5  # of the line that holds `iso`, counted from 0


@dataclass(frozen=True)
class Told:
    """Args: species in the order of the types; the pressure LAMMPS relaxed at; what does not agree."""

    species: tuple[str, ...]
    pressure_GPa: float | None
    remarks: list[str]


def told_in(folder: Path) -> Told:
    """What Parameters.txt of a results folder (or INPUT.txt above it) and the LAMMPS stages above it say."""
    text = next((path.read_text(errors="replace") for path in _inputs(folder) if path.is_file()), "")
    said = input_value(text, "ExternalPressure")
    pressure = None if said is None else _float(said)
    stages = sorted((folder.parent / SPECIFIC).glob("lammps.in_*"))
    relaxed_at = {stage_pressure_GPa(path.read_text(errors="replace")) for path in stages} - {None}
    remarks = []
    if len(relaxed_at) > 1:
        remarks.append(f"{folder.parent}/{SPECIFIC}: the LAMMPS stages relax at different pressures")
    if len(relaxed_at) == 1:
        (own,) = relaxed_at
        if own is not None and pressure is not None and abs(own - pressure) > 1e-3:
            said_twice = f"INPUT.txt says {pressure:g} GPa, the LAMMPS stages relax at {own:g} GPa, and these count"
            remarks.append(f"{folder.parent}: {said_twice}")
        pressure = own
    species = input_block(text, "atomType", "EndAtomType")
    return Told(tuple(" ".join(species).split()), pressure, remarks)


def _inputs(folder: Path) -> list[Path]:
    return [folder / PARAMETERS, folder.parent / INPUT]


def input_value(text: str, keyword: str) -> str | None:
    """Value of a line ``value : keyword``; as USPEX finds it: the first line that holds the keyword counts."""
    line = next((line for line in text.splitlines() if keyword.lower() in line.lower()), None)
    return None if line is None or ":" not in line else line.split(":")[0].strip()


def input_block(text: str, keyword: str, end: str) -> list[str]:
    """Lines between ``% keyword`` and the word that ends the block."""
    lines = text.splitlines()
    begin = next((k for k, line in enumerate(lines) if keyword.lower() in line.lower()), None)
    if begin is None:
        return []
    inside = lines[begin + 1 :]
    stop = next((k for k, line in enumerate(inside) if end.lower() in line.lower()), len(inside))
    return inside[:stop]


def stage_pressure_GPa(text: str) -> float | None:
    """Pressure of a LAMMPS stage, as USPEX takes it: word 6, in bar, of the one uncommented line that holds ``iso``."""
    lines = [line for line in text.splitlines() if ISO.search(line) and not line.lstrip().startswith("#")]
    words = lines[0].split() if lines else []
    bar = _float(words[PRESSURE_WORD]) if len(words) > PRESSURE_WORD else None
    return None if bar is None else bar / BAR_PER_GPA


def _float(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
