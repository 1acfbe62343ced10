"""``lmp`` with models: every walk of an input at once. Each frame is the start, jolted by a thousandth of an angstrom,
and the models are said to disagree by 0.2 eV/Å."""

import random
import re
import sys
from pathlib import Path

WALK = re.compile(
    r"read_data (\d+)\.data.*?out_freq (\d+).*?velocity all create \S+ (\d+).*?^run (\d+)", re.DOTALL | re.MULTILINE
)


def walk(index: str, every: int, seed: int, steps: int) -> None:
    """Write what a walk leaves: dump, deviations, its name among the finished."""
    lines = Path(f"{index}.data").read_text().splitlines()
    count = int(lines[2].split()[0])
    high = [float(lines[number].split()[1]) for number in (5, 6, 7)]
    start = lines.index("Atoms # charge") + 2
    atoms = [line.split() for line in lines[start : start + count]]
    jolt = random.Random(seed)
    with open(f"{index}.dump", "w") as dump, open(f"{index}.model_devi.out", "w") as deviations:
        deviations.write("# step max_devi_v min_devi_v avg_devi_v max_devi_f min_devi_f avg_devi_f\n")
        for step in range(0, steps + 1, every):
            deviations.write(f"{step} 0.1 0.1 0.1 0.2 0.2 0.2\n")
            dump.write(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{count}\nITEM: BOX BOUNDS pp pp pp\n")
            dump.write("".join(f"0 {length}\n" for length in high) + "ITEM: ATOMS id type x y z\n")
            for number, kind, _, *where in atoms:
                place = " ".join(f"{float(x) + jolt.uniform(-1e-3, 1e-3):.9f}" for x in where)
                dump.write(f"{number} {kind} {place}\n")
    with open("finished.txt", "a") as finished:
        finished.write(f"finished {index}\n")


for found in WALK.findall(Path(sys.argv[sys.argv.index("-in") + 1]).read_text()):
    walk(found[0], *map(int, found[1:]))
Path("log.lammps").touch()
