"""``dp``, ``lmp`` and ``vasp`` as DP-GEN calls them, for tools/bench/overhead_dpgen.py.

The first argument says which, the second how long a training, a walk or a label sleeps, s.

Standard library alone, so that a call costs a start of Python and nothing more. Files have the forms that DP-GEN and
dpdata read; nothing in them means anything. OUTCAR is cut down to what dpdata looks for.
"""

import random
import re
import sys
import time
from pathlib import Path

VARIABLE = re.compile(r"^variable\s+(\w+)\s+equal\s+(\S+)", re.MULTILINE)
SEED = re.compile(r"velocity\s+all create \S+ (\d+)")
LEFT_BY = {
    "train": ("checkpoint", "model.ckpt.meta", "model.ckpt.index", "model.ckpt.data-00000-of-00001"),
    "freeze": ("frozen_model.pb",),
    "compress": ("frozen_model_compressed.pb",),
}


def dp(command: str) -> None:
    """A training, a freezing or a compression, in the current folder."""
    for name in LEFT_BY[command]:
        Path(name).write_text(f"stand-in: {command}\n")
    if command == "train":
        Path("lcurve.out").write_text("#  step  rmse_trn  lr\n0 1 1e-3\n100 1 1e-4\n")


def read_conf() -> tuple[list[float], list[list[str]]]:
    """Edges of the orthogonal box in conf.lmp, A, and its atoms: id, type, place."""
    lines = Path("conf.lmp").read_text().splitlines()
    edges = [float(line.split()[1]) for line in lines if line.split()[-1:] in (["xhi"], ["yhi"], ["zhi"])]
    start = next(number for number, line in enumerate(lines) if line.startswith("Atoms"))
    return edges, [line.split()[:5] for line in lines[start + 1 :] if line.strip()]


def lmp() -> None:
    """A walk: each frame is the start, jolted; the models are said to disagree by 0.2 eV/A."""
    text = Path("input.lammps").read_text()
    values = dict(VARIABLE.findall(text))
    seed = SEED.search(text)
    jolt = random.Random(seed.group(1) if seed else 0)
    edges, atoms = read_conf()
    head = f"ITEM: NUMBER OF ATOMS\n{len(atoms)}\nITEM: BOX BOUNDS pp pp pp\n"
    head += "".join(f"0 {edge}\n" for edge in edges) + "ITEM: ATOMS id type x y z\n"
    with open("model_devi.out", "w") as deviations:
        deviations.write("# step max_devi_v min_devi_v avg_devi_v max_devi_f min_devi_f avg_devi_f\n")
        for step in range(0, int(values["NSTEPS"]) + 1, int(values["DUMP_FREQ"])):
            deviations.write(f"{step} 0.1 0.1 0.1 0.2 0.2 0.2\n")
            places = [[float(x) + jolt.uniform(-1e-3, 1e-3) for x in atom[2:]] for atom in atoms]
            rows = [
                " ".join([*atom[:2], *(f"{x:.9f}" for x in place)]) for atom, place in zip(atoms, places, strict=True)
            ]
            Path(f"traj/{step}.lammpstrj").write_text("\n".join([f"ITEM: TIMESTEP\n{step}", head + rows[0], *rows[1:]]))


def vasp() -> None:
    """A converged single point of POSCAR, with no forces at all."""
    lines = Path("POSCAR").read_text().splitlines()
    cell = [[float(x) for x in line.split()] for line in lines[2:5]]
    names, counts = lines[5].split(), lines[6].split()
    cartesian = lines[7].strip()[0] in "CcKk"
    places = [[float(x) for x in line.split()[:3]] for line in lines[8 : 8 + sum(map(int, counts))]]
    if not cartesian:
        places = [[sum(x[k] * cell[k][i] for k in range(3)) for i in range(3)] for x in places]
    rows = [
        " vasp.6.4.2 (composed in the recorded format, not from a VASP run)",
        *(f"   TITEL  = PAW_PBE {name} stand-in" for name in names),
        f"   ions per type = {' '.join(counts)}",
        "   NWRITE =      2\n   NELM   =     60;   NELMIN=  2",
        " --- Iteration    1(   1)  ---",
        "  FORCE on cell =-STRESS in cart. coord.  units (eV):",
        *([""] * 13),
        "  in kB    " + "     0.00000" * 6,
        " VOLUME and BASIS-vectors are now :",
        *([""] * 4),
        *("   " + "".join(f"{x:13.9f}" for x in (*vector, 0, 0, 0)) for vector in cell),
        " POSITION                                       TOTAL-FORCE (eV/Angst)\n " + "-" * 83,
        *("".join(f"{x:13.5f}" for x in (*place, 0, 0, 0)) for place in places),
        "  free  energy   TOTEN  =        -1.00000000 eV",
        "                         Elapsed time (sec):        0.001",
    ]
    Path("OUTCAR").write_text("\n".join(rows) + "\n")
    Path("vasprun.xml").write_text("<modeling/>\n")


if __name__ == "__main__":
    engine, pause, *words = sys.argv[1:]
    if engine != "dp" or "train" in words:
        time.sleep(float(pause))
    if engine == "dp":
        dp(next(word for word in words if not word.startswith("-")))
    else:
        {"lmp": lmp, "vasp": vasp}[engine]()
