"""INPUT.txt and the LAMMPS stages of one USPEX search: one composition, one pressure, HP as the energy.

USPEX finds a keyword by its first appearance anywhere in INPUT.txt, whatever the case of its letters: so no keyword is
named in a comment, none stands twice, and the user's command comes last. The words that end a block are USPEX's own.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ase.data import atomic_masses, atomic_numbers

from melt2crystal.frames import pair_limits
from melt2crystal.lammps.static import BAR_PER_GPA
from melt2crystal.search.uspex.folder import MARK
from melt2crystal.sections.search import Engine, Uspex

LAMMPS_CODE = 4  # abinitioCode of LAMMPS
MODEL = "graph.pb"  # name of the model in Specific/, whatever its member
# Largest force (eV/Å) and most steps of the two minimisations of each stage: box/relax counts strain from the cell it
# begins with, so that a long way needs several; the last is as tight as USPEX's comparison of enthalpies needs.
STAGES = ((0.5, 100), (0.1, 200), (0.01, 400))
# Shares of the operators among what is not random: our choice, half of it heredity.
OPERATORS = {"fracGene": 0.5, "fracPerm": 0.1, "fracAtomsMut": 0.25, "fracLatMut": 0.15}


@dataclass(frozen=True)
class SearchInput:
    """What one search needs to be told.

    Args:
        formula: atoms per formula unit, in the order of the types.
        formula_units: in the cell.
        pressure_GPa: of the search.
        volume_A3_per_atom: volume of random structures, from the melts.
        minimum_distances_A: pair ('A-B') -> smallest distance.
        structures: most structures relaxed.
        engine: sizes and shares, as the embedded engine has them.
        uspex: version, commands.
        model_digest: SHA-256 of the model.
    """

    formula: Mapping[str, int]
    formula_units: int
    pressure_GPa: float
    volume_A3_per_atom: float
    minimum_distances_A: Mapping[str, float]
    structures: int
    engine: Engine
    uspex: Uspex
    model_digest: str

    @property
    def atoms(self) -> int:
        """Atoms in the cell."""
        return self.formula_units * sum(self.formula.values())

    @property
    def mark(self) -> str:
        """16 hexadecimal digits of everything a result depends on, which is not how LAMMPS is called."""
        text = "\n".join([*_lines(self), *stages(self), self.model_digest])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def input_text(search: SearchInput) -> str:
    """INPUT.txt. It ends with the block of the command; see the module."""
    command = ["% commandExecutable", *[search.uspex.lammps] * len(STAGES), "% EndExecutable"]
    parallel = [f"{search.uspex.parallel} : numParallelCalcs", "0 : whichCluster"]
    return "\n".join([MARK + search.mark, *_lines(search), *parallel, *command]) + "\n"


def _lines(search: SearchInput) -> list[str]:
    """INPUT.txt without what only says how it is run."""
    engine, species = search.engine, list(search.formula)
    counts = [str(search.formula_units * count) for count in search.formula.values()]
    generations = max(1, -(-search.structures // engine.generation_structures))
    shares = {name: share * (1 - engine.random_share) for name, share in operators(len(species)).items()}
    limits = pair_limits(species, search.minimum_distances_A)
    rows = [
        " ".join(f"{limits[a][b] if b >= a else 0.0:.2f}" for b in range(len(species))) for a in range(len(species))
    ]
    enthalpy = ["1 : optType"] if search.uspex.version == "9.4.4" else ["% optType", "1", "% EndOptType"]
    return [
        "USPEX : calculationMethod",
        "300 : calculationType",
        *enthalpy,
        *("% atomType", " ".join(species), "% EndAtomType"),
        *("% numSpecies", " ".join(counts), "% EndNumSpecies"),
        f"{search.pressure_GPa:.6f} : ExternalPressure",
        f"{engine.generation_structures} : populationSize",
        f"{engine.generation_structures} : initialPopSize",
        f"{generations} : numGenerations",
        f"{engine.unchanged_generations} : stopCrit",
        f"{int(engine.adaptive_shares)} : AutoFrac",
        f"{engine.random_share:.3f} : fracRand",
        *(f"{share:.3f} : {name}" for name, share in shares.items()),
        *("% symmetries", "2-230", "% endSymmetries"),
        *("% IonDistances", *rows, "% EndDistances"),
        *("% Latticevalues", f"{search.volume_A3_per_atom * search.atoms:.3f}", "% Endvalues"),
        *("% abinitioCode", " ".join([str(LAMMPS_CODE)] * len(STAGES)), "% ENDabinit"),
    ]


def operators(species: int) -> dict[str, float]:
    """Shares of the operators, 1 together; atoms of one species can't be exchanged."""
    usable = {name: share for name, share in OPERATORS.items() if species > 1 or name != "fracPerm"}
    return {name: share / sum(usable.values()) for name, share in usable.items()}


def stages(search: SearchInput) -> list[str]:
    """``Specific/lammps.in_1`` and so on: what USPEX copies to ``lammps.in``.

    USPEX writes the structure to ``coo`` (atom style atomic, without masses), and takes the pressure not from
    INPUT.txt but from the sixth word, in bar, of the one line here that holds the word ``iso``: no other line may.
    It reads ``lammps.out`` (below the words energy, volume, Lattice parameters) and ``out.xyz`` (atoms in the order of
    ``coo``), and asks the last stage for ``Minimization stats``.
    """
    bar = f"{search.pressure_GPa * BAR_PER_GPA:.1f}"
    species = list(search.formula)
    masses = [f"mass {n} {atomic_masses[atomic_numbers[symbol]]:.6f}" for n, symbol in enumerate(species, 1)]
    relax = f"fix 1 all box/relax tri {bar} vmax 0.002"
    texts = []
    for force, steps in STAGES:
        minimise = f"minimize 0.0 {force:g} {steps} {10 * steps}"
        lines = [
            "units metal",
            "atom_style atomic",
            "boundary p p p",
            "box tilt large",
            "read_data coo",
            *masses,
            f"pair_style deepmd {MODEL}",
            f"pair_coeff * * {' '.join(species)}",
            "neigh_modify every 1 delay 0 check yes",
            "thermo 50",
            "thermo_style custom step pe vol press",
            "min_style cg",
            *(f"{relax} # iso", minimise, "unfix 1"),
            *(relax, minimise, "unfix 1"),  # strain counts from here
            "write_dump all xyz out.xyz modify sort id",
            *('print "volume"', 'print "$(vol:%.8f)"'),
            *('print "energy"', 'print "$(pe:%.8f)"'),
            *('print "Lattice parameters"', 'print "$(lx:%.8f) 0.0 0.0"'),
            *('print "$(xy:%.8f) $(ly:%.8f) 0.0"', 'print "$(xz:%.8f) $(yz:%.8f) $(lz:%.8f)"'),
        ]
        texts.append("\n".join(lines) + "\n")
    return texts
