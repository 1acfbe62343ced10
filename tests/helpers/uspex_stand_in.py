"""A program that does with files what USPEX does, sentence by sentence of its contract, and searches nothing.

No part of USPEX is here, nor anything the package writes or reads with: INPUT.txt is understood, LAMMPS fed and results
written by the words of the contract alone. Each call relaxes one structure and ends, as USPEX does on a cluster.

    python uspex_stand_in.py          in the folder of INPUT.txt
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

ENDS = {
    "atomType": "EndAtomType",
    "numSpecies": "EndNumSpecies",
    "optType": "EndOptType",
    "IonDistances": "EndDistances",
    "abinitioCode": "ENDabinit",
    "commandExecutable": "EndExecutable",
    "symmetries": "endSymmetries",
    "Latticevalues": "Endvalues",
}
EV_PER_GPA_A3 = 1e9 * 1e-30 / 1.602176634e-19
HEADER = (
    "Gen   ID    Origin   Composition    Enthalpy   Volume  Density   Fitness   KPOINTS  SYMM  Q_entr A_order S_order"
)
UNITS = "                                      (eV)      (A^3)  (g/cm^3)"
GOOD_HEADER = "  ID   Compositions    Enthalpies    Volumes    fitness  SYMM"
GOOD_UNITS = "                       (eV/atom)    (A^3/atom)    ()         "
DONE, STATE, RESULTS = Path("USPEX_IS_DONE"), Path("Current_POP.json"), Path("results1")


def first(lines: list[str], keyword: str) -> int:
    """The first line that holds a keyword, whatever the case of its letters."""
    return next(k for k, line in enumerate(lines) if keyword.lower() in line.lower())


def value(lines: list[str], keyword: str) -> str:
    return lines[first(lines, keyword)].split(":")[0].strip()


def block(lines: list[str], keyword: str) -> list[str]:
    begin = first(lines, keyword)
    assert lines[begin].lstrip().startswith("%"), f"{keyword} is no block: {lines[begin]!r}"
    inside = lines[begin + 1 :]
    return inside[: next(k for k, line in enumerate(inside) if ENDS[keyword].lower() in line.lower())]


def search_told(text: str) -> dict:
    """What INPUT.txt asks for."""
    lines = text.splitlines()
    optimised = lines[first(lines, "optType")]
    return {
        "type": value(lines, "calculationType"),
        "optimised": value(lines, "optType") if ":" in optimised else " ".join(block(lines, "optType")),
        "species": " ".join(block(lines, "atomType")).split(),
        "counts": [int(word) for word in " ".join(block(lines, "numSpecies")).split()],
        "pressure_GPa": float(value(lines, "ExternalPressure")),
        "structures": int(value(lines, "populationSize")) * int(value(lines, "numGenerations")),
        "population": int(value(lines, "populationSize")),
        "distances": [[float(word) for word in row.split()] for row in block(lines, "IonDistances")],
        "volume": float(" ".join(block(lines, "Latticevalues"))),
        "codes": " ".join(block(lines, "abinitioCode")).split(),
        "commands": block(lines, "commandExecutable"),
    }


def iso_line(stage: str) -> str:
    """The one uncommented line of a LAMMPS stage that contains iso."""
    (line,) = (line for line in stage.splitlines() if "iso" in line and not line.lstrip().startswith("#"))
    return line


def pressure_bar(stage: str) -> float:
    """Word 6 of that line."""
    return float(iso_line(stage).split()[5])


def random_structure(told: dict, number: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Cell, positions (fractions), types from 1: near enough to cubic, no two atoms nearer than IonDistances."""
    rng = np.random.default_rng([8, number])
    types = [t for t, count in enumerate(told["counts"], 1) for _ in range(count)]
    limits = np.array([row + [0.0] * (len(told["counts"]) - len(row)) for row in told["distances"]])
    limits = np.maximum(limits, limits.T)
    for _ in range(20000):
        cell = np.eye(3) + np.tril(rng.uniform(-0.2, 0.2, (3, 3)))
        cell *= (told["volume"] / np.linalg.det(cell)) ** (1 / 3)
        where = rng.random((len(types), 3))
        between = where[:, None] - where
        apart = np.linalg.norm((between - np.round(between)) @ cell, axis=2)
        if all(apart[a, b] >= limits[types[a] - 1, types[b] - 1] for a in range(len(types)) for b in range(a)):
            return cell, where, types
    raise SystemExit("no random structure keeps IonDistances")


def write_coo(folder: Path, cell: np.ndarray, where: np.ndarray, types: list[int], kinds: int) -> None:
    """The structure for LAMMPS: atom style atomic, no Masses."""
    (ax, _, _), (bx, by, _), (cx, cy, cz) = cell
    lines = ["coo", "", f"{len(types)} atoms", f"{kinds} atom types", ""]
    lines += [f"0.0 {high:.10f} {name}lo {name}hi" for name, high in zip("xyz", (ax, by, cz), strict=True)]
    lines += [f"{bx:.10f} {cx:.10f} {cy:.10f} xy xz yz", "", "Atoms", ""]
    rows = zip(types, where @ cell, strict=True)
    lines += [f"{k} {kind} " + " ".join(f"{x:.10f}" for x in place) for k, (kind, place) in enumerate(rows, 1)]
    (folder / "coo").write_text("\n".join(lines) + "\n")


def read_stage(folder: Path, atoms: int, last: bool) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Energy, volume, cell, positions (fractions) from lammps.out and out.xyz."""
    lines = (folder / "lammps.out").read_text().splitlines()

    def below(word: str) -> list[str]:
        begin = max(k for k, line in enumerate(lines) if line.strip() == word)
        return lines[begin + 1 : begin + 4]

    assert not last or any("Minimization stats" in line for line in lines), "the last stage minimised nothing"
    cell = np.array([[float(word) for word in row.split()] for row in below("Lattice parameters")])
    xyz = (folder / "out.xyz").read_text().splitlines()[-atoms:]
    places = np.array([[float(word) for word in row.split()[1:4]] for row in xyz])
    return float(below("energy")[0]), float(below("volume")[0]), cell, places @ np.linalg.inv(cell) % 1.0


def relax(told: dict, number: int) -> dict:
    """One structure through all stages."""
    folder = Path("CalcFold1")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree("Specific", folder)
    cell, where, types = random_structure(told, number)
    stages = len(told["codes"])
    for k in range(1, stages + 1):
        shutil.copy(f"Specific/lammps.in_{k}", folder / "lammps.in")
        write_coo(folder, cell, where, types, len(told["counts"]))
        subprocess.run(told["commands"][min(k, len(told["commands"])) - 1], shell=True, cwd=folder, check=True)
        energy, volume, cell, where = read_stage(folder, len(types), last=k == stages)
        pressure = pressure_bar((folder / "lammps.in").read_text()) / 1e4
    enthalpy = energy + pressure * EV_PER_GPA_A3 * volume
    return {"id": number, "H": enthalpy, "V": volume, "cell": cell.tolist(), "where": where.tolist()}


def poscar(told: dict, one: dict, named: bool = True) -> str:
    lines = [f"EA{one['id']} 2.3 3.4 5.6 90.0 90.0 90.0 Sym.group: 1", "1.0000"]
    lines += [" ".join(f"{x:12.6f}" for x in row) for row in one["cell"]]
    lines += [" ".join(told["species"])] if named else []
    lines += [" ".join(map(str, told["counts"])), "Direct"]
    return "\n".join([*lines, *(" ".join(f"{x:12.6f}" for x in row) for row in one["where"])]) + "\n"


def write_results(told: dict, found: list[dict], version: str = "10.5", named: bool = True) -> None:
    """results1: the lowest of a generation is kept, and has a row and a structure in the next one too."""
    RESULTS.mkdir(exist_ok=True)
    shutil.copy("INPUT.txt", RESULTS / "Parameters.txt")
    (RESULTS / "OUTPUT.txt").write_text(f"*** Version {version} (2021) ***\n")
    counts, size = "  ".join(map(str, told["counts"])), told["population"]
    rows, gathered = [HEADER, UNITS], ""
    for begin in range(0, len(found), size):
        generation = begin // size + 1
        kept = [min(found[begin - size : begin], key=lambda one: one["H"])] if begin else []
        for one in [*kept, *found[begin : begin + size]]:
            origin = "keptBest" if one in kept else "Random" if generation == 1 else "Heredity"
            rows.append(
                f"{generation:3d} {one['id']:4d} {origin:>10} [ {counts} ] {one['H']:10.3f} {one['V']:9.3f}   2.650 "
                f"{one['H']:10.3f} [ 1  1  1]   1   0.140  1.209  2.632"
            )
            gathered += poscar(told, one, named)
    atoms = sum(told["counts"])
    best = sorted(found, key=lambda one: one["H"])[:10]
    good = [f"{o['id']:4d} [ {counts} ] {o['H'] / atoms:9.4f} {o['V'] / atoms:9.4f} {o['H']:9.4f}   1" for o in best]
    (RESULTS / "Individuals").write_text("\n".join(rows) + "\n")
    (RESULTS / "gatheredPOSCARS").write_text(gathered)
    (RESULTS / "goodStructures").write_text("\n".join([GOOD_HEADER, GOOD_UNITS, *good]) + "\n")


def main() -> None:
    told = search_told(Path("INPUT.txt").read_text())
    assert (told["type"], told["optimised"], set(told["codes"])) == ("300", "1", {"4"})
    found = json.loads(STATE.read_text()) if STATE.exists() else []
    if len(found) < told["structures"]:
        found.append(relax(told, len(found) + 1))
        STATE.write_text(json.dumps(found))
        write_results(told, found)
    if len(found) == told["structures"]:
        DONE.write_text("")
    print(f"{len(found)} of {told['structures']}", file=sys.stderr)


if __name__ == "__main__":
    assert re.search("calculationType", Path("INPUT.txt").read_text())
    main()
