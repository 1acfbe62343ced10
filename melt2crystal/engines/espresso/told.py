"""What an output of pw.x tells of its settings: functional, smearing, k-points, spin. Is it of the study's?"""

import re
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.units import Bohr, Rydberg

from melt2crystal.engines.k_points import k_mesh
from melt2crystal.sections.reference import EspressoReference

SAME_WIDTH_RY = 6e-5  # pw.x prints four decimals
SAME_POINT = 2e-3  # of a step of the mesh; k-points have seven decimals, the lattice parameter six
K_POINTS = re.compile(r"number of k points= *(\d+) *(.*)")
SMEARING = re.compile(r"(\S+) smearing, width \(Ry\)= *([\d.]+)", re.IGNORECASE)
K_POINT = re.compile(r"k\( *\d+\) = \(([-\d. ]+)\), wk = *([\d.]+)")
K_LIST = "cart. coord. in units 2pi/alat"
# names of functionals, and the parts pw.x and pseudopotentials may tell instead (exchange, correlation, gradients)
PARTS = {
    "PBE": "SLA PW PBX PBC",
    "PBESOL": "SLA PW PSX PSC",
    "REVPBE": "SLA PW REVX PBC",
    "PW91": "SLA PW GGX GGC",
    "BLYP": "SLA LYP B88 BLYP",
    "BP": "SLA PZ B88 P86",
    "PZ": "SLA PZ",
    "LDA": "SLA PZ",
    "SCAN": "SCAN",
}
BEYOND = {  # what this engine never asks for
    "functional enforced from input": "a functional that the input names (input_dft)",
    "starting magnetic structure": "a spin-polarised run",
    "dft-d3 dispersion": "a dispersion correction (DFT-D3)",
    "dft-d dispersion": "a dispersion correction (DFT-D2)",
    "exx-fraction": "a hybrid functional",
    "hubbard energy": "a Hubbard correction (DFT+U)",
}


def other_settings(output: str, frame: Atoms, shared: Path, reference: EspressoReference) -> str:
    """What an output tells that isn't of these settings; '' if nothing, as far as it tells them."""
    told = output.lower()
    for words, what in BEYOND.items():
        if words in told:
            return f"the output is of {what}, the settings ask for none"
    return _functional(output, shared, reference) or _smearing(output, reference) or _k_points(output, frame, reference)


def _functional(output: str, shared: Path, reference: EspressoReference) -> str:
    found = re.findall(r"Exchange-correlation *= *([A-Za-z][^(\n]*)", output)
    mine = parts_of(found[-1]) if found else None
    for name in dict.fromkeys(reference.pseudopotentials.values()):
        theirs = functional_of(shared / name)
        if found and theirs and mine != theirs:
            return f"the output says Exchange-correlation = {found[-1].strip()}, {name} is of {theirs}"
    return ""


def unsaid_functional(output: str, shared: Path, reference: EspressoReference) -> str:
    """Why none can tell whether an output is of the functional of the pseudopotentials, in words; '' if it was told."""
    found = re.findall(r"Exchange-correlation *= *([A-Za-z][^(\n]*)", output)
    if not found or parts_of(found[-1]) is None:
        told = f"{found[-1].strip()}, which isn't known here" if found else "none"
        return f"functional not checked: the output tells {told}"
    dumb = [name for name in sorted({*reference.pseudopotentials.values()}) if functional_of(shared / name) is None]
    if not dumb:
        return ""
    return (
        f"functional not checked: the output says {found[-1].strip()}, {', '.join(dumb)} tells none that is known here"
    )


def unreadable_part(output: str) -> str:
    """What of an output isn't as pw.x writes it, in words that end in what to do."""
    mend = "run this frame again, or bring its whole output back"
    for number, line in enumerate(output.splitlines(), 1):
        if "****" in line:
            return f"line {number} has stars where a number belongs ({line.strip()[:60]}); {mend}"
    listed = output[output.rfind(K_LIST) :].split("cryst. coord.")[0] if K_LIST in output else ""
    rows = [line.strip() for line in listed.splitlines() if re.match(r" *k\( *\d+\) =", line)]
    wrong = next((row for row in rows if not _is_a_point(row)), None)
    if wrong is not None:
        return f"a k-point has no three numbers and a weight ({wrong[:60]}); {mend}"
    stated = K_POINTS.findall(output)
    if not stated:
        return f"it doesn't say its number of k-points; {mend}"
    if rows and int(stated[-1][0]) != len(rows):
        return f"it says {stated[-1][0]} k-points and lists {len(rows)}; {mend}"
    return f"it was cut off or edited; {mend}"


def _is_a_point(row: str) -> bool:
    found = K_POINT.search(row)
    try:
        return found is not None and len([float(word) for word in (*found[1].split(), found[2])]) == 4
    except ValueError:
        return False


def functional_of(pseudopotential: Path) -> str | None:
    """The functional in the header of a UPF file (versions 1 and 2), as its parts; None where it can't be told."""
    if not pseudopotential.is_file():
        return None
    text = pseudopotential.read_text(errors="replace")
    told = re.search(r'functional *= *"([^"]+)"', text) or re.search(r"^ *(.+?) +Exchange-Correlation", text, re.M)
    return parts_of(" ".join(told.group(1).split()[:4])) if told else None


def parts_of(functional: str) -> str | None:
    """A functional as its parts, whichever way it was told; None if it isn't one of ``PARTS``."""
    words = [word for word in re.split(r"[\s+-]+", functional.upper()) if word and word not in ("NOGX", "NOGC")]
    if len(words) == 1:
        return PARTS.get(words[0])
    if words[2:] == ["PBE", "PBE"]:  # how older versions name its parts
        words[2:] = ["PBX", "PBC"]
    text = " ".join(words[:4])
    return text if text in PARTS.values() else None


def _smearing(output: str, reference: EspressoReference) -> str:
    lines = K_POINTS.findall(output)
    if not lines:
        return ""
    told = SMEARING.search(lines[-1][1])
    if not told:
        return f"the output says no smearing, the settings {reference.smearing}"
    kind, width = told.group(1).lower(), float(told.group(2))
    wanted = reference.degauss_eV / Rydberg
    if kind.replace("cold", "marzari-vanderbilt") != reference.smearing or abs(width - wanted) > SAME_WIDTH_RY:
        asked = f"{reference.smearing} of {wanted:.4f}"
        return f"the output says {told.group(1)} smearing of {width:g} Ry, the settings {asked}"
    return ""


def _k_points(output: str, frame: Atoms, reference: EspressoReference) -> str:
    """Each k-point must be of the mesh, and Gamma must stand for one point of it alone (else the mesh is coarser)."""
    lines = K_POINTS.findall(output)
    if not lines:
        return ""
    points = reference.k_points
    mesh, offset = np.array(k_mesh(frame, points) or (1, 1, 1)), 0.5 if points.mode == "shifted-mesh" else 0.0
    if points.mode == "baldereschi":
        mesh, offset = np.array([1, 1, 1]), 0.25
    asked = f"the settings ask for {points.mode} {'x'.join(map(str, mesh))}"
    if int(lines[-1][0]) > mesh.prod():
        return f"the output says {lines[-1][0]} k-points, {asked}"
    lattice = re.findall(r"celldm\(1\)= *([\d.]+)", output)
    listed = K_POINT.findall(output[output.rfind(K_LIST) :].split("cryst. coord.")[0]) if K_LIST in output else []
    if not (listed and lattice):
        return ""
    for coordinates, weight in listed:
        place = np.array(coordinates.split(), float) @ frame.cell.array.T / (float(lattice[-1]) * Bohr)
        off = [np.abs(side * place * mesh - offset) % 1.0 for side in (1, -1)]  # k and -k are one
        if min(np.minimum(part, 1 - part).max() for part in off) > SAME_POINT * mesh.max():
            return f"the output has the k-point {' '.join(f'{x:.3f}' for x in place)} (in b1, b2, b3), {asked}"
        if np.abs(place).max() < SAME_POINT and abs(float(weight) - 2 / mesh.prod()) > 1e-4:
            return f"the output's k-points are of another mesh (Gamma's weight is {float(weight):g}), {asked}"
    return ""
