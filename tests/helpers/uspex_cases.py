"""Results folders of USPEX, written by the words of its file contract: none of them by the package, none by USPEX."""

from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from melt2crystal.structure.crystals import read_crystal
from tests.helpers.checkout import REPOSITORY

PLAIN = """\
Gen   ID    Origin   Composition    Enthalpy   Volume  Density   Fitness   KPOINTS  SYMM  Q_entr A_order S_order
                                      (eV)      (A^3)  (g/cm^3)
  1    1     Random    [   2  4 ]     -57.600    46.600   4.287    -57.600 [ 1  1  1]   1   0.140  1.209  2.632
  1    2     Random    [   3  6 ]     -86.100   113.000   2.648    -86.100 [ 1  1  1]   1   0.195  1.050  2.142
  2    1   keptBest    [   2  4 ]     -57.600    46.600   4.287    -57.600 [ 1  1  1]   1   0.140  1.209  2.632
  2    3   Heredity    [   2  4 ]        N/A     46.700   4.287       N/A  [ 1  1  1]   1     N/A    N/A    N/A
  2    4 softmutate    [   3  6 ]     -86.000   113.100   2.648    -86.000 [ 1  1  1]   1   0.195  1.050  2.142
"""
GOOD = """\
  ID   Compositions    Enthalpies    Volumes    fitness  SYMM
                       (eV/atom)    (A^3/atom)    ()
   1  [   2  4 ]     -9.6000     7.7667   -9.6000    1
   2  [   3  6 ]     -9.5667    12.5556   -9.5667    1
"""
BOXED = """\
Generation 1
+----+---------+-------------+---------------+--------------+------+
| ID |  Origin | Composition | Enthalpy (eV) | Volume (A^3) | SYMM |
+----+---------+-------------+---------------+--------------+------+
| 1  | RandSym |   Si2 O4    |    -57.600    |    46.600    |  1   |
| 2  | RandSym |   Si3 O6    |    -86.100    |   113.000    |  1   |
+----+---------+-------------+---------------+--------------+------+
Generation 2
+----+----------+-------------+---------------+--------------+------+
| ID |  Origin  | Composition | Enthalpy (eV) | Volume (A^3) | SYMM |
+----+----------+-------------+---------------+--------------+------+
| 1  | keptBest |   Si2 O4    |    -57.600    |    46.600    |  1   |
| 3  | Heredity |   Si2 O4    |      N/A      |    46.700    |  1   |
| 4  | SoftMut  |   Si3 O6    |    -86.000    |   113.100    |  1   |
+----+----------+-------------+---------------+--------------+------+
"""
BOXED_WITH_GENERATIONS = """\
+-----+----+-----------+----------------+
| Gen | ID |   Origin  | Enthalpy (eV)  |
+-----+----+-----------+----------------+
|  1  | 1  |  RandTop  |    -57.600     |
|  1  | 2  | TopRandom |    -86.100     |
+-----+----+-----------+----------------+
|  2  | 1  |  keptBest |    -57.600     |
|  2  | 3  |  Heredity |      N/A       |
|  2  | 4  |  softmut  |    -86.000     |
+-----+----+-----------+----------------+
"""
BOXED_GOOD = """\
+------+-------------+---------------------+
|  ID  | Composition | Enthalpy (eV/atom)  |
+------+-------------+---------------------+
|  1   |   Si2 O4    |       -9.6000       |
+------+-------------+---------------------+
"""
PARAMETERS = """\
USPEX : calculationMethod
300   : calculationType
% atomType
Si O
% EndAtomType
{pressure} : ExternalPressure
"""


def crystals() -> dict[int, Atoms]:
    """Structures by their ID: stishovite (2 formula units) and alpha-quartz (3), each twice."""
    folder = REPOSITORY / "data/polymorphs"
    stishovite, quartz = (read_crystal(folder / f"{name}.cif") for name in ("stishovite", "alpha_quartz"))
    return {1: stishovite, 2: quartz, 3: stishovite.copy(), 4: quartz.copy()}


def poscar(number: int, atoms: Atoms, species: Sequence[str] = ("Si", "O"), named: bool = True) -> str:
    """One structure of gatheredPOSCARS; versions before 10 name no species."""
    lines = [f"EA{number} 4.18 4.18 2.67 90.00 90.00 90.00 Sym.group:    1", "1.0000"]
    lines += [" ".join(f"{x:14.8f}" for x in vector) for vector in atoms.cell.array]
    lines += ["  ".join(species)] if named else []
    lines.append("  ".join(str(atoms.get_chemical_symbols().count(symbol)) for symbol in species))
    lines.append("Direct")
    fractions = atoms.get_scaled_positions()
    symbols = atoms.get_chemical_symbols()
    rows = [fractions[k] for symbol in species for k in range(len(atoms)) if symbols[k] == symbol]
    return "\n".join([*lines, *(" ".join(f"{x:14.8f}" for x in row) for row in rows)]) + "\n"


def gathered(order: Sequence[int] = (1, 2, 1, 3, 4), named: bool = True) -> str:
    """The kept best has its structure again in the second generation."""
    atoms = crystals()
    return "".join(poscar(number, atoms[number], named=named) for number in order)


def write_results(
    folder: Path,
    individuals: str = PLAIN,
    good: str = GOOD,
    version: str | None = "*** Version 10.5 (01/06/2021) ***",
    pressure: str = "10.0",
    named: bool = True,
) -> Path:
    """results1 in a folder."""
    results = folder / "results1"
    results.mkdir(parents=True)
    (results / "Individuals").write_text(individuals)
    (results / "goodStructures").write_text(good)
    (results / "gatheredPOSCARS").write_text(gathered(named=named))
    (results / "Parameters.txt").write_text(PARAMETERS.format(pressure=pressure))
    if version is not None:
        (results / "OUTPUT.txt").write_text(f"*-----*\n{version}\nMATLAB version 2016\n")
    return results
