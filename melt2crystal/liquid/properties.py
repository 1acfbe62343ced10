"""Density, diffusion and radial distributions of a melt, walked with any LAMMPS force field: what a potential makes of
the melt itself, beside the reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.frames import density_g_per_cm3
from melt2crystal.lammps.endings import incomplete
from melt2crystal.lammps.program import dump_command, read_dump, run_lammps, setup_commands, write_data
from melt2crystal.lammps.static import BAR_PER_GPA
from melt2crystal.liquid.diffusion import species_diffusion
from melt2crystal.sections.benchmark import MeltWalks
from melt2crystal.structure.rdf import pairs_of, partial_rdfs

THERMOSTAT_PS, BAROSTAT_PS = 0.1, 0.5
BIN_A = 0.05
RDF_FRAMES = 40  # neighbours in time say the same, and each costs 30 ms
DENSITY = "density_g_per_cm3"


@dataclass(frozen=True)
class MeltState:
    """A certified frame, and the state it is walked at."""

    start: Atoms
    temperature_K: float
    pressure_GPa: float
    seed: int


@dataclass(frozen=True)
class WalkedMelt:
    """Configurations of a walk, unwrapped, without the first; none where LAMMPS stopped (``status`` says why)."""

    status: str
    frames: list[Atoms]


def run_melts(
    states: Sequence[MeltState], force_field: str, species: Sequence[str], rules: MeltWalks, deepmd: bool
) -> list[WalkedMelt]:
    """One NPT walk for each state, in one LAMMPS process as long as none fails; one that fails hurts no other.

    Args:
        force_field: LAMMPS commands after the atoms exist (pair_style, pair_coeff, ...).
        species: chemical symbols in type order.
        deepmd: the force field needs the DeePMD plugin.

    Raises:
        EngineError: LAMMPS could not work (no explosion: killed, no space, a model that can't be read).
    """
    walks: list[WalkedMelt] = []
    with TemporaryDirectory(prefix="melts-") as temporary:
        folder = Path(temporary)
        finished = folder / "finished.txt"
        while len(walks) < len(states):
            text = ""
            for index, state in list(enumerate(states))[len(walks) :]:
                write_data(folder / f"{index}.data", state.start, species)
                text += walk_commands(index, state, force_field, rules)
            finished.unlink(missing_ok=True)
            run = run_lammps(text, folder, deepmd)
            for index in map(int, finished.read_text().split() if finished.exists() else ()):
                walks.append(_read(folder / f"{index}.dump", species, rules))
            if len(walks) < len(states):
                if run.error is None:
                    raise incomplete(folder)
                walks.append(WalkedMelt(run.error, []))
    return walks


def _steps(picoseconds: float, rules: MeltWalks) -> int:
    return max(1, round(1000 * picoseconds / rules.time_step_fs))


def spacing_steps(rules: MeltWalks) -> int:
    """Steps between two frames."""
    return max(1, _steps(rules.walk_ps, rules) // rules.frames)


def walk_commands(index: int, state: MeltState, force_field: str, rules: MeltWalks) -> str:
    """LAMMPS commands of one walk; a cell that grows to three times its volume, or evaporates, ends it."""
    kelvin, bar, every = f"{state.temperature_K:g}", f"{state.pressure_GPa * BAR_PER_GPA:g}", spacing_steps(rules)
    return (
        setup_commands(f"{index}.data")
        + force_field
        + f"timestep {rules.time_step_fs / 1000:g}\nneighbor 1.0 bin\nneigh_modify every 1 delay 0 check yes\n"
        + f"velocity all create {kelvin} {state.seed} mom yes rot no dist gaussian\n"
        + f"fix move all npt temp {kelvin} {kelvin} {THERMOSTAT_PS} iso {bar} {bar} {BAROSTAT_PS}\n"
        + f"variable volume equal vol\nvariable largest equal {3 * state.start.get_volume():.6f}\n"
        + "fix stop all halt 20 v_volume > ${largest} error hard message no\nthermo 1000\nthermo_modify lost error\n"
        + f"run {_steps(rules.equilibrate_ps, rules)}\nreset_timestep 0\n"
        + dump_command("walk", every, f"{index}.dump", "xu yu zu")
        + f"run {every * rules.frames}\nundump walk\nunfix stop\nunfix move\n"
        + f"print {index} append finished.txt\n"
    )


def _read(dump: Path, species: Sequence[str], rules: MeltWalks) -> WalkedMelt:
    snapshots = read_dump(dump)
    if len(snapshots) != rules.frames + 1:
        raise incomplete(dump.parent)
    return WalkedMelt("ok", [snapshot.atoms(species) for snapshot in snapshots[1:]])


def properties(walk: WalkedMelt, rules: MeltWalks) -> dict[str, float]:
    """Mean density (g/cm³) and self-diffusion coefficient of each species (Å²/ps), each with the standard error of its
    mean over the blocks of the walk; not numbers where the walk failed."""
    found = [_of_block(block, rules) for block in _blocks(walk.frames, rules.blocks)]
    whole = _of_block(walk.frames, rules) if walk.frames else {}
    errors = {
        f"{name}_error": float(np.std([block[name] for block in found], ddof=1) / np.sqrt(len(found))) for name in whole
    }
    return whole | errors


def _of_block(frames: Sequence[Atoms], rules: MeltWalks) -> dict[str, float]:
    first = frames[0]
    diffusion = species_diffusion(
        np.array([atoms.get_positions() for atoms in frames]),
        np.array([atoms.cell.array for atoms in frames]),
        np.array(first.get_chemical_symbols()),
        first.get_masses(),
        spacing_steps(rules) * rules.time_step_fs / 1000,
    )
    density = float(np.mean([density_g_per_cm3(atoms) for atoms in frames]))
    return {DENSITY: density} | {f"diffusion_{name}_A2_per_ps": value for name, value in diffusion.items()}


def _blocks(frames: Sequence[Atoms], number: int) -> list[Sequence[Atoms]]:
    size = len(frames) // number
    return [frames[k * size : (k + 1) * size] for k in range(number)] if size else []


def radial_distributions(walk: WalkedMelt, species: list[str], rules: MeltWalks) -> pd.DataFrame:
    """Mean partial radial distribution functions over some ``RDF_FRAMES`` frames: columns pair, r_A, g."""
    pairs = pairs_of(species)
    thinned = walk.frames[:: max(1, len(walk.frames) // RDF_FRAMES)]
    each = [partial_rdfs(atoms, pairs, rules.r_max_A, BIN_A) for atoms in thinned]
    tables = []
    for number, pair in enumerate(pairs if each else []):
        g = np.mean([of_frame[number][1] for of_frame in each], axis=0)
        tables.append(pd.DataFrame({"pair": "-".join(pair), "r_A": each[0][number][0], "g": g}))
    return pd.concat(tables) if tables else pd.DataFrame(columns=["pair", "r_A", "g"])
