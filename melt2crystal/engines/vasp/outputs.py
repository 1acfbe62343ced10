"""Output of VASP: vasprun.xml, or OUTCAR if the former was cut off; a label or the first telling line out.

Both are read through dpdata, which takes the free energy (``e_fr_energy``, ``free  energy   TOTEN``) and leaves out
what used up NELM electronic steps. VASP's stress is minus the derivative of the energy with respect to strain, in
kbar (VASP's manual, ISIF), the other sign than ours.
"""

import re
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from dpdata.plugins.vasp import VASPOutcarFormat, VASPXMLFormat
from pymatgen.io.vasp.inputs import Poscar

from melt2crystal.engines.base import Label, Status, without_net_force
from melt2crystal.engines.process import MEMORY, Ended
from melt2crystal.engines.vasp.inputs import order_of, structure_of

SAME_PLACE_A = 1e-4  # OUTCAR has five decimals
AT_THE_END = "General timing and accounting informations for this job"
RELAXED = "reached required accuracy"
# the electronic loop ended early: VASP 6's own words, and a stop asked for (STOPCAR), after which VASP ends in order
NOT_CONVERGED = ("EDIFF was not reached", "hard stop was set")
# ends that another algorithm or mixing may survive
NUMERICAL = re.compile(
    r"EDDDAV: Call to ZHEGV failed|EDDRMM: call to ZHEGV failed|EDDIAG: Call to routine ZHEEV failed|ZPOTRF failed"
    r"|BRMIX: very serious problems|subspace rotation PSSYEVX|EDWAV: internal error, the gradient is not orthogonal",
    re.IGNORECASE,
)
TIME_LIMIT = re.compile(r"due to time limit", re.IGNORECASE)  # Slurm's words
TELLING = re.compile(
    r"error|no space|killed|cannot|can't|not found|no such file|signal|abort|very bad news|sick job", re.IGNORECASE
)
PASSING = re.compile(r"warning|wrap around|IEEE_", re.IGNORECASE)  # said in passing, also by runs that end well
RANKS = re.compile(r"^ running(?: on)? +(\d+) +(?:total cores|mpi-ranks)", re.MULTILINE)
CPU_TIME = re.compile(r"Total CPU time used \(sec\): +([\d.]+)")


def label_of(ended: Ended, folder: Path, frame: Atoms, species: Sequence[str]) -> Label:
    """The label in the output of a single point; energy: the free energy, eV; forces eV/Å; stress eV/Å^3, ASE's sign.

    Args:
        ended: how VASP ended, not by the time limit.
        folder: where it ran.
    """
    status, reason = verdict(ended, folder)
    if status != "ok":
        return Label(status, reason)
    try:
        found = _read(folder)
    except Exception as error:  # the parsers raise many kinds on numbers that are no numbers
        reason = f"the output of VASP can't be read ({error}): it was cut off or edited; run this frame again"
        return Label("crashed", reason)
    if len(found["energies"]) == 0:
        return Label("unconverged", _nelm_reached(folder))
    return _label(found, frame, species)


def verdict(ended: Ended, folder: Path) -> tuple[Status, str]:
    """Status and the first telling line; ok means that at least one of the outputs is whole."""
    outcar = text_of(folder / "OUTCAR")
    if ended.status == 0 and (_is_whole_xml(folder / "vasprun.xml") or AT_THE_END in outcar):
        for line in outcar.splitlines():
            if any(words in line for words in NOT_CONVERGED):
                return "unconverged", line.strip(" -")
        return "ok", ""
    told = [*ended.errors.splitlines(), *ended.output.splitlines()]
    killed = _signal(ended) in (9, 15)  # from outside: what VASP had said before is not the reason
    for pattern, status, words in (
        (TIME_LIMIT, "timed out", ""),
        (MEMORY, "crashed", "out of memory: "),
        (NUMERICAL, "unconverged", ""),
    ):
        for line in told:
            if pattern.search(line) and not (pattern is NUMERICAL and killed):
                return status, words + line.strip(" |-")  # type: ignore[return-value]
    return "crashed", _why(ended)


def _why(ended: Ended) -> str:
    """The words in VASP's box of errors, or the first telling line, or how the process ended."""
    boxed = _error_box(ended.output)
    if boxed:
        return boxed
    for text in (ended.errors, ended.output):
        for line in text.splitlines():
            if TELLING.search(line) and not PASSING.search(line):
                return line.strip(" |-")
    signal = _signal(ended)
    if signal:
        more = ", often the answer to too much memory" if signal == 9 else ""
        return f"VASP was killed by signal {signal}{more}"
    return f"VASP ended with status {ended.status}, vasprun.xml and OUTCAR are cut off"


def _signal(ended: Ended) -> int:
    """The signal that ended VASP, 0 if none did; a launcher reports signal n as status 128 + n."""
    return -ended.status if ended.status < 0 else max(0, ended.status - 128)


def _error_box(output: str) -> str:
    """VASP writes errors into a frame under a banner of large letters; warnings have another banner."""
    words: list[str] = []
    inside = False
    for line in output.splitlines():
        text = line.strip().strip("|").strip()
        if re.fullmatch(r"[ERO# ]+", text) and "RRRRRR" in text:
            inside = True
        elif inside and (line.strip().startswith("---") or "I REFUSE TO CONTINUE" in text):
            break
        elif inside and text and not re.fullmatch(r"[ERO# ]+", text):
            words.append(text)
    return " ".join(words)


def cpu_seconds(folder: Path) -> float | None:
    """CPU seconds of all ranks as OUTCAR tells them, also where a launcher hides its processes; None if it doesn't."""
    outcar = text_of(folder / "OUTCAR")
    spent, ranks = CPU_TIME.search(outcar), RANKS.search(outcar)
    return float(spent.group(1)) * int(ranks.group(1)) if spent and ranks else None


def last_structure(ended: Ended, folder: Path, given: Atoms, species: Sequence[str]) -> tuple[Label, Atoms | None]:
    """The relaxed structure (of CONTCAR, which has all digits), and how the relaxation ended."""
    status, reason = verdict(ended, folder)
    if status == "ok" and RELAXED not in text_of(folder / "OUTCAR") + ended.output:
        status, reason = "unconverged", "the relaxation of VASP did not come to an end"
    if status != "ok":
        return Label(status, reason), None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = Poscar.from_file(folder / "CONTCAR", check_for_potcar=False).structure
    except Exception as error:  # pymatgen raises many kinds on broken files
        return Label("crashed", f"CONTCAR can't be read ({type(error).__name__}: {error})"), None
    positions = np.empty((len(given), 3))
    positions[order_of(given, species)] = found.cart_coords
    return Label("ok"), Atoms(given.symbols, positions=positions, cell=found.lattice.matrix, pbc=True)


def _read(folder: Path) -> dict[str, Any]:
    """dpdata's arrays in the orientation of the file: energies [n] eV, forces [n, atoms, 3], virials [n, 3, 3] eV."""
    whole = _is_whole_xml(folder / "vasprun.xml")
    reader, name = (VASPXMLFormat(), "vasprun.xml") if whole else (VASPOutcarFormat(), "OUTCAR")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of frames left out: there is one
        return reader.from_labeled_system(str(folder / name), convergence_check=True)


def _label(found: dict[str, Any], frame: Atoms, species: Sequence[str]) -> Label:
    order = order_of(frame, species)
    symbols = [found["atom_names"][kind] for kind in found["atom_types"]]
    if symbols != [frame.get_chemical_symbols()[index] for index in order]:
        return Label("crashed", "the output of VASP is about other atoms")
    asked = structure_of(frame, species)
    shift = np.asarray(found["coords"][-1]) @ np.linalg.inv(asked.lattice.matrix) - asked.frac_coords
    apart = np.abs((shift - np.round(shift)) @ asked.lattice.matrix).max()
    if max(apart, np.abs(found["cells"][-1] - asked.lattice.matrix).max()) > SAME_PLACE_A:
        return Label("crashed", "the output of VASP is about another configuration")
    if len(found.get("virials", ())) != len(found["energies"]):
        return Label("crashed", "the output of VASP holds no stress")
    forces = np.empty((len(frame), 3))
    forces[order] = found["forces"][-1]
    stress = -np.asarray(found["virials"][-1]) / frame.get_volume()
    return Label("ok", "", float(found["energies"][-1]), without_net_force(forces), (stress + stress.T) / 2)


def _nelm_reached(folder: Path) -> str:
    told = re.search(r"^ *NELM *= *(\d+)", text_of(folder / "OUTCAR") + "\n" + text_of(folder / "INCAR"), re.MULTILINE)
    return f"no self-consistency within NELM = {told.group(1) if told else '?'} electronic steps"


def _is_whole_xml(path: Path) -> bool:
    try:
        ElementTree.parse(path)
    except (OSError, ElementTree.ParseError):
        return False
    return True


def text_of(path: Path) -> str:
    """Text of a file; empty if it is not there."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
