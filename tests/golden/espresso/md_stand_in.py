"""Stands in for ``pw.x -in pw.in`` with calculation='md': Verlet's algorithm on springs, printed as pw.x 6.7 prints it.

Each atom hangs on a spring at the place its ``places.txt`` (three numbers a line, A) names. Options:

--die-after N   print N steps and half of the next one, then end by SIGKILL (each run)
--never         the SCF does not converge
"""

import os
import re
import signal
import sys
from pathlib import Path

import numpy as np

BOHR, MASS_UNIT = 0.529177249, 1822.8885 / 2  # as ASE reads pw.x; Rydberg units of mass
SPRINGS = {"Si": 0.30, "O": 0.15}  # Ry/bohr^2
MASSES = {"Si": 28.085, "O": 15.999}
TOTAL = """
     End of self-consistent calculation

!    total energy              = {energy:16.8f} Ry
     estimated scf accuracy    <       0.00000001 Ry
     smearing contrib. (-TS)   =      -0.00000000 Ry

     convergence has been achieved in   5 iterations

     Forces acting on atoms (cartesian axes, Ry/au):

{forces}

     Total force =     0.068913     Total SCF correction =     0.000003

"""
MOVED = """     Entering Dynamics:    iteration = {number:5d}
                           time      = {time:8.4f} pico-seconds


ATOMIC_POSITIONS (angstrom)
{positions}


     kinetic energy (Ekin) =           0.00025598 Ry
"""


def numbers(text, key):
    return float(re.search(rf"{key}\s*=\s*(\S+)", text).group(1).rstrip(","))


def card(text, name, count):
    lines = text.split(name, 1)[1].splitlines()[1 : count + 1]
    return [line.split()[0] for line in lines], np.array([line.split()[1:4] for line in lines], dtype=float)


def main():
    arguments = sys.argv[1:]
    text = Path("pw.in").read_text()
    count, steps, time_step = int(numbers(text, "nat")), int(numbers(text, "nstep")), numbers(text, "dt")
    symbols, positions = card(text, "ATOMIC_POSITIONS", count)
    _, velocities = card(text, "ATOMIC_VELOCITIES", count)
    places = np.loadtxt(Path(__file__).parent / "places.txt") if len(arguments) < 1 else np.loadtxt(arguments[0])
    if "--never" in arguments:
        print("     convergence NOT achieved after  40 iterations: stopping")
        sys.exit(2)
    dies = int(arguments[arguments.index("--die-after") + 1]) if "--die-after" in arguments else None
    springs = np.array([SPRINGS[symbol] for symbol in symbols])[:, None]
    masses = np.array([MASSES[symbol] for symbol in symbols])[:, None] * MASS_UNIT
    now, before = positions / BOHR, None
    for number in range(1, steps + 1):
        away = now - places / BOHR
        forces = -springs * away
        rows = [
            f"     atom {k + 1:4d} type  1   force = " + "".join(f"{value:14.8f}" for value in force)
            for k, force in enumerate(forces)
        ]
        energy = -100 + 0.5 * float((springs * away**2).sum())
        shown = TOTAL.format(energy=energy, forces="\n".join(rows))
        acceleration = forces / masses
        if before is None:
            new = now + time_step * velocities + 0.5 * time_step**2 * acceleration
        else:
            new = 2 * now - before + time_step**2 * acceleration
        listed = "\n".join(
            f"{symbol:3s}" + "".join(f"{value:20.10f}" for value in place)
            for symbol, place in zip(symbols, new * BOHR, strict=True)
        )
        shown += MOVED.format(number=number, time=number * 0.002, positions=listed)
        if dies is not None and number > dies:
            sys.stdout.write(shown[: len(shown) // 2])
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        sys.stdout.write(shown)
        sys.stdout.flush()
        before, now = now, new
    print(
        "     The maximum number of steps has been reached.\n\n     End of molecular dynamics calculation\n   JOB DONE."
    )
    sys.exit(3)


main()
