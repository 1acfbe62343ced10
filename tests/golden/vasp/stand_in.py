"""A stand-in for vasp_std: checks the files it is given, and writes vasprun.xml and OUTCAR of an analytic potential.

Nothing here comes from the engine under test: own parsers, own sign, VASP's units. The pair potential is
V(r) = A exp(-r^2 / 2 w^2), summed over images until it vanishes. As in VASP, the free energy is what forces and stress
are derivatives of; the other two energies differ from it by an entropy term that depends on the structure.

Options: --steps N (electronic steps that the loop needs, more than NELM means no convergence; ALGO = All needs two),
--fault NAME, --record FOLDER (keeps the inputs but not the POTCAR), --gamma-only.
"""

import argparse
import itertools
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
from layout import outcar, vasprun

WIDTH = 0.9
HEIGHT = {("Si", "Si"): 3.0, ("O", "Si"): 2.0, ("O", "O"): 1.0}
EV_PER_A3_IN_KBAR = 1602.176634
ENTROPY_SHARE = -0.05  # VASP prints -T S as "entropy T*S"
REACH = 6.5 * WIDTH


def stop(words):
    """End as VASP 6 does on an error."""
    line = "-" * 77
    print(f" {line}\n|     EEEEEEE  RRRRRR   RRRRRR   OOOOOOO  RRRRRR      ###     ###     ###     |")
    print("|     E        R     R  R     R  O     O  R     R     ###     ###     ###     |")
    print(f"|{' ' * 77}|\n|     {words:<72}|\n|{' ' * 77}|")
    print(f"|       ---->  I REFUSE TO CONTINUE WITH THIS SICK JOB ... BYE!!! <----       |\n {line}")
    sys.exit(1)


def read_incar():
    tags = {}
    for line in Path("INCAR").read_text().splitlines():
        if line.strip():
            tag, value = line.split("=")
            tags[tag.strip()] = value.strip()
    return tags


def read_mesh(lines):
    if lines[1].strip() != "0" or lines[2].strip()[0] not in "Gg":
        stop("KPOINTS: not an automatic mesh centred at Gamma")
    if len(lines) > 4 and any(float(shift) for shift in lines[4].split()):
        stop("KPOINTS: the mesh is shifted")
    return [int(number) for number in lines[3].split()]


def read_poscar():
    lines = Path("POSCAR").read_text().splitlines()
    cell = float(lines[1]) * np.array([[float(x) for x in line.split()] for line in lines[2:5]])
    names, counts = lines[5].split(), [int(count) for count in lines[6].split()]
    if np.linalg.det(cell) <= 0:
        stop("ERROR: the triple product of the basis vectors is negative")
    if len(set(names)) != len(names):
        stop("POSCAR: a species occurs twice, the POTCAR would be wrong")
    if lines[7].strip()[0] not in "Dd":
        stop("POSCAR: direct coordinates expected")
    scaled = np.array([[float(x) for x in line.split()[:3]] for line in lines[8 : 8 + sum(counts)]])
    return cell, names, counts, scaled


def read_potcar(names):
    titels = [line.split("=")[1].split() for line in Path("POTCAR").read_text().splitlines() if "TITEL" in line]
    if [titel[1].split("_")[0] for titel in titels] != names:
        stop(f"POTCAR holds {[titel[1] for titel in titels]}, POSCAR {names}: not the same species in the same order")
    if Path("POTCAR").stat().st_mode & 0o077:
        stop("POTCAR can be read by others")
    return [" ".join(titel) for titel in titels]


def check_incar(tags, relax):
    wanted = {"ENCUT": 520.0, "ISMEAR": 0.0, "SIGMA": 0.05}
    for tag, value in wanted.items():
        if float(tags.get(tag, "nan")) != value:
            stop(f"INCAR: {tag} = {tags.get(tag)} is not Table 1's {value}")
    for tag in ("LWAVE", "LCHARG"):
        if tags.get(tag, "T").strip(".")[0].upper() != "F":
            stop(f"INCAR: {tag} is not off")
    if not relax and (tags.get("IBRION"), tags.get("ISIF"), tags.get("NSW")) != ("-1", "2", "0"):
        stop("INCAR: neither a single point with stress nor a relaxation")


def evaluate(cell, symbols, scaled):
    """Energy eV, forces eV/Å, and dE/d(strain) eV."""
    positions, energy = scaled @ cell, 0.0
    forces, slope = np.zeros((len(symbols), 3)), np.zeros((3, 3))
    images = [int(np.ceil(REACH / height)) + 1 for height in 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)]
    shifts = np.array(list(itertools.product(*(range(-n, n + 1) for n in images)))) @ cell
    for i, first in enumerate(symbols):
        for j, second in enumerate(symbols):
            vectors = positions[j] + shifts - positions[i]
            squares = (vectors**2).sum(axis=1)
            near = (squares > 1e-12) & (squares < REACH**2)
            vectors, squares = vectors[near], squares[near]
            terms = HEIGHT[tuple(sorted((first, second)))] * np.exp(-squares / (2 * WIDTH**2))
            energy += terms.sum() / 2
            forces[i] -= (terms[:, None] * vectors).sum(axis=0) / WIDTH**2
            slope -= (terms[:, None, None] * vectors[:, :, None] * vectors[:, None, :]).sum(axis=0) / (2 * WIDTH**2)
    return energy, forces, slope


def relaxed(cell, symbols, scaled, tags):
    """Least enthalpy in the ions, and in the strain if ISIF = 3; PSTRESS is in kbar."""
    from scipy.optimize import minimize

    pressure = float(tags.get("PSTRESS", 0)) / EV_PER_A3_IN_KBAR
    moves_cell = tags["ISIF"] == "3"

    def unpack(x):
        strain = np.zeros((3, 3))
        if moves_cell:
            strain[np.triu_indices(3)] = x[-6:]
            strain = (strain + strain.T) / 2
        return cell @ (np.eye(3) + strain), scaled + x[: scaled.size].reshape(-1, 3)

    def enthalpy(x):
        new_cell, new_scaled = unpack(x)
        return evaluate(new_cell, symbols, new_scaled)[0] + pressure * np.linalg.det(new_cell)

    start = np.zeros(scaled.size + (6 if moves_cell else 0))
    return unpack(minimize(enthalpy, start, method="BFGS", options={"gtol": 1e-4}).x)


def write_contcar(cell, names, counts, scaled):
    rows = ["relaxed", "1.0", *(" ".join(f"{x:22.16f}" for x in row) for row in cell)]
    rows += [" ".join(names), " ".join(map(str, counts)), "Direct"]
    Path("CONTCAR").write_text("\n".join([*rows, *(" ".join(f"{x:19.16f}" for x in row) for row in scaled)]) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--fault", default="")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--gamma-only", action="store_true")
    options = parser.parse_args()
    fault = options.fault
    if options.record:
        number = len(list(options.record.iterdir()))
        (options.record / str(number)).mkdir()
        for name in ("INCAR", "KPOINTS", "POSCAR"):
            shutil.copy(name, options.record / str(number) / name)
        (options.record / str(number) / "where").write_text(f"{os.getcwd()}\n{os.getpid()}\n")
    print(" running    1 mpi-ranks, with    1 threads/rank, on    1 nodes\n vasp.6.4.2 stand-in")
    print(" WARNING: small aliasing (wrap around) errors must be expected", flush=True)
    if fault == "sleep":
        time.sleep(60)
    if fault == "memory":
        sys.exit("forrtl: severe (41): insufficient virtual memory")
    if fault == "killed":
        Path("OUTCAR").write_text(" vasp.6.4.2\n")
        os.kill(os.getpid(), signal.SIGKILL)
    tags = read_incar()
    relax = tags.get("IBRION") == "2"
    check_incar(tags, relax)
    mesh = read_mesh(Path("KPOINTS").read_text().splitlines())
    if options.gamma_only and mesh != [1, 1, 1]:
        stop("this is vasp_gam, KPOINTS holds more than Gamma")
    cell, names, counts, scaled = read_poscar()
    if fault == "killed-if-two-atoms" and sum(counts) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    titels = read_potcar(names)
    symbols = [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
    if relax:
        cell, scaled = relaxed(cell, symbols, scaled, tags)
        write_contcar(cell, names, counts, scaled)
    energy, forces, slope = evaluate(cell, symbols, scaled)
    stress_kbar = -slope / np.linalg.det(cell) * EV_PER_A3_IN_KBAR  # VASP: minus the derivative, positive if compressed
    if fault == "wrong-stress-sign":
        stress_kbar = -stress_kbar
    if fault == "wrong-stress-unit":
        stress_kbar = stress_kbar / 10
    entropy = ENTROPY_SHARE * energy
    energies = (energy, energy - entropy, energy - entropy / 2)
    if fault == "energy-sigma-zero":
        energies = (energies[2], energies[1], energies[0])
    nelm = int(tags["NELM"])
    steps = min(2 if tags["ALGO"].startswith("A") else options.steps, nelm)
    told = dict(cell=cell, names=names, counts=counts, scaled=scaled, titels=titels, tags=tags, mesh=mesh, steps=steps)
    told |= dict(energies=energies, entropy=entropy, forces=forces, stress_kbar=stress_kbar, relaxed=relax)
    xml, text = vasprun(**told), outcar(**told)
    if fault == "foreign":
        xml = xml.replace("<c>Si</c>", "<c>Ge</c>")
    if fault in ("cut-xml", "cut-both"):
        xml = xml[: xml.index('<varray name="forces"')]
    if fault in ("cut-outcar", "cut-both"):
        text = text[: text.index(" POSITION  ")]
    if fault == "overflow":
        xml = xml.replace(f"{energies[0]:16.8f}", "*" * 16)
    if fault == "hard-stop":
        text = text.replace("aborting loop because EDIFF is reached", "aborting loop because hard stop was set")
    Path("vasprun.xml").write_text(xml)
    Path("OUTCAR").write_text(text)
    if fault == "status":
        sys.exit("srun: error: node7: task 0: Exited with exit code 1")


if __name__ == "__main__":
    main()
