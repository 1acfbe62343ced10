"""What tests of the VASP engine share: the stand-in for VASP, potentials without content, a crystal."""

from pathlib import Path

from ase.io import read

from melt2crystal.engines.vasp.potcar import potcar_digest
from melt2crystal.frames import canonical_frame

STAND_IN = Path("tests/golden/vasp/stand_in.py").resolve()


POTCAR = """  {titel}
   {valence}
 parameters from PSCTR are:
   VRHFIN ={element}: s2p2
   LEXCH  = PE
   TITEL  = {titel}
   ZVAL   =    {valence}    mass and valenz
   ENMAX  =  245.345; ENMIN  =  184.009 eV
 END of PSCTR-controll parameters
 local part
  0.1 0.2 0.3 no potential at all: composed for a test
 End of Dataset
"""


def write_potcars(folder):
    """POTCARs in pymatgen's layout, and their checksums."""
    checksums = {}
    for element, titel, valence in (("Si", "PAW_PBE Si 05Jan2001", 4.0), ("O", "PAW_PBE O 08Apr2002", 6.0)):
        path = folder / "POT_GGA_PAW_PBE_54" / element / "POTCAR"
        path.parent.mkdir(parents=True)
        path.write_text(POTCAR.format(titel=titel, element=element, valence=valence))
        checksums[element] = potcar_digest(path.read_text())
    return checksums


def stishovite():
    """Six rattled atoms, species in turn as no POSCAR has them, in a cell that is not lower triangular."""
    crystal = read("data/polymorphs/stishovite.cif")
    crystal.rattle(0.05, seed=1)
    crystal.rotate(40, (1, 2, 3), rotate_cell=True)
    return canonical_frame(crystal[[2, 0, 3, 1, 4, 5]])
