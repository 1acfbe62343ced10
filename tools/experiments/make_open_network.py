"""Disordered SiO2 of low density, melts to glasses, for the reference to label: walks, screening, the released file.

``python -m tools.experiments.make_open_network COMMAND --help``; the commands in their order, with the programs that
run between them: train-on (train_data, train_member), walk (liquid_certify), screen (label_shard), release, card.

Each walk is its own melt at constant volume: a random packing, molten at 5000 K and cooled to 3500 K with the classical
potential, then driven by a model, cooled further and held. It gives one frame, so no two frames share a walk. Walk
``k`` has the same state wherever it is asked for, and any few walks in a row cover densities and temperatures evenly.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms
from ase.neighborlist import neighbor_list

from melt2crystal import markdown
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_text
from melt2crystal.frames import bare_frame, read_frames, write_frames
from melt2crystal.label.store import one_digest
from melt2crystal.lammps.include import potential_commands
from melt2crystal.lammps.program import dump_command, read_dump, run_lammps, setup_commands, write_data
from melt2crystal.lammps.static import BAR_PER_GPA
from melt2crystal.liquid.packing import random_packing
from melt2crystal.sections.substance import Substance
from melt2crystal.seeds import generator_for, seed_for
from melt2crystal.structure.sublattice_order import bragg_peak
from melt2crystal.study.load import load_study
from melt2crystal.study.parameters import section_text
from tools.released.melt_card import grouped, row_of, spread
from tools.released.release_labels import released_frame

LABELS = Path("data/labels")
KNOWN = [LABELS / f"silica-pbe-melt{name}.extxyz.gz" for name in ("", "-quenched", "-next")]
CLASSICAL, CLASSICAL_ACCURACY = Path("data/potentials/silica_bks.lmp"), 1e-4
DENSITIES_G_CM3 = (2.2, 2.0, 2.4, 2.1, 2.5, 2.3)  # in this order: a few walks already spread
# kind and temperatures, K; what the words mean is told in the card: temperature alone
STATES = (
    ("melt", (3000, 3500, 3250)),
    ("supercooled", (2500, 2000, 2800)),
    ("glass", (1500,)),
    ("glass", (300, 1000, 600)),
)
CLASSICAL_K, CLASSICAL_PS, CLASSICAL_COOL_PS = 5000.0, 4.0, 6.0
MODEL_K, RELAX_PS, COOL_PS_PER_1000_K, HOLD_PS = 3500.0, 0.75, 1.0, 1.0
TIME_STEP_FS, DAMPING_PS = 1.5, 0.1  # with the model
LARGEST_K_PER_A, LARGEST_ORDER = 12.0, 0.45
MARK = "<!-- Below this line: written by `python -m tools.experiments.make_open_network card` from the labels. -->\n"


def state_of(walk: int) -> tuple[str, float, float]:
    """Kind, density (g/cm3) and temperature (K) of a walk: each density meets all rows of ``STATES`` in 24 walks."""
    turn, place = divmod(walk, len(DENSITIES_G_CM3))
    kind, temperatures = STATES[(place - turn) % len(STATES)]
    return kind, DENSITIES_G_CM3[place], float(temperatures[walk // len(STATES) % len(temperatures)])


def oxygen_order(atoms: Atoms, species: str = "O") -> float:
    """Bragg peak of the oxygen over the wave vectors up to 12 1/A.

    1 in a crystal at rest; about ln(number of wave vectors) / N, 0.2 for 48 atoms, where positions are random.
    """
    alone = atoms[[symbol == species for symbol in atoms.symbols]]
    spacing = (alone.get_volume() / len(alone)) ** (1 / 3)
    return bragg_peak(alone, LARGEST_K_PER_A * spacing / (2 * np.pi))[0]


def bridging_angles(atoms: Atoms, substance: Substance) -> np.ndarray:
    """Si-O-Si angles, degrees, of oxygen that has two silicon neighbours."""
    symbols = np.array(atoms.get_chemical_symbols())
    first, second, vectors = neighbor_list("ijD", atoms, substance.bond_cutoff_A)
    bonded = symbols[second] == substance.central_species
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    pairs = [vectors[bonded & (first == k)] for k in np.flatnonzero(symbols == substance.ligand_species)]
    return np.degrees([np.arccos(pair[0] @ pair[1]) for pair in pairs if len(pair) == 2])


def commands_of(walk: int, model: Path, species: Sequence[str], seed: int) -> str:
    """LAMMPS commands of one walk from the packing ``<walk>.data``; its last step is in ``<walk>.dump``."""
    number, temperature = seed_for(seed, "walk", walk), state_of(walk)[-1]
    melt, slow = round(1000 * CLASSICAL_PS), round(1000 * CLASSICAL_COOL_PS)
    cool_ps = COOL_PS_PER_1000_K * (MODEL_K - temperature) / 1000
    relax, cool, hold = (max(1, round(1000 * ps / TIME_STEP_FS)) for ps in (RELAX_PS, cool_ps, HOLD_PS))

    def bath(first_K: float, last_K: float, steps: int) -> str:
        return f"fix bath all langevin {first_K:g} {last_K:g} {DAMPING_PS:g} {number} zero yes\nrun {steps}\n"

    return (
        setup_commands(f"{walk}.data")
        + potential_commands(CLASSICAL, species, CLASSICAL_ACCURACY)
        + "timestep 0.001\nneighbor 1.0 bin\nneigh_modify every 1 delay 0 check yes\nthermo 1000\n"
        + "min_style cg\nminimize 0.0 1.0 200 2000\nreset_timestep 0\n"
        + f"velocity all create {CLASSICAL_K:g} {number} dist gaussian mom yes\n"
        # until the packing has forgotten its worst contacts no atom may move further than 0.05 A in a step
        + f"fix motion all nve/limit 0.05\n{bath(CLASSICAL_K, CLASSICAL_K, 200)}"
        + f"unfix motion\nfix motion all nve\n{bath(CLASSICAL_K, CLASSICAL_K, melt)}{bath(CLASSICAL_K, MODEL_K, slow)}"
        + f"kspace_style none\npair_style deepmd {model.resolve()}\npair_coeff * * {' '.join(species)}\n"
        + f"timestep {TIME_STEP_FS / 1000:g}\n"
        + bath(MODEL_K, MODEL_K, relax)
        + bath(MODEL_K, temperature, cool)
        + f"reset_timestep 0\nvariable gpa equal press/{BAR_PER_GPA:g}\n"
        + f"fix record all ave/time 1 {hold} {hold} v_gpa file {walk}.pressure\n"
        + dump_command("last", hold, f"{walk}.dump", "x y z")
        + bath(temperature, temperature, hold)
        + "undump last\nunfix record\n"
    )


def last_frame(walk: int, species: Sequence[str], folder: Path) -> Atoms | None:
    """The last step of a walk, or None if it has none. ``pressure_GPa``: the model's while held, with the ideal gas."""
    snapshots = read_dump(folder / f"{walk}.dump")
    if not snapshots or snapshots[-1].step == 0:
        return None
    atoms = snapshots[-1].atoms(species)
    atoms.wrap()
    kind, density, temperature = state_of(walk)
    pressure = round(float((folder / f"{walk}.pressure").read_text().split()[-1]), 2)
    origin = f"{kind}/{density:g}/{temperature:g}/{walk:02d}/frame0"
    frame, more = bare_frame(atoms), {"pressure_GPa": pressure, "origin": origin, "split": "train", "kind": kind}
    frame.info |= {"temperature_K": temperature, **more}
    return frame


def train_on(
    ordered: Annotated[Path, typer.Argument(help="ids of released frames that are not disordered (JSON list)")],
    folder: Annotated[Path, typer.Option(help="dataset.extxyz and settings.json, for all scripts, are written here")],
    steps: Annotated[int, typer.Option(help="of the training of the model that drives the walks")] = 7000,
) -> None:
    """Released melts as a training set, and settings for train_data, train_member, liquid_certify and label_shard."""
    left_out = set(json.loads(ordered.read_text()))
    frames = [frame for path in KNOWN[:2] for frame in read_frames(path) if frame.info["frame_id"] not in left_out]
    write_frames(folder / "dataset.extxyz", frames)
    study = load_study({"study": "open"}, Path())
    loop = json.loads(section_text(study, "train.loop"))["train.loop"] | {"steps": steps}
    train = {"pressures_GPa": None, "validation_fraction": study.train.validation_fraction, "training": loop}
    label = {"label.known": [str(path) for path in KNOWN], "label.compute": True}
    sections = ("certificate", "substance", "train.network", "seed", "reference", "label.largest_force_eV_per_A")
    write_text(folder / "settings.json", section_text(study, *sections, **train, **label))
    print(f"{folder}: {len(frames)} frames to train on")


def walk(
    model: Annotated[Path, typer.Option(help="potential that drives the walks")],
    first: Annotated[int, typer.Option(help="number of the first walk")],
    number: Annotated[int, typer.Option(help="how many walks")],
    out: Annotated[Path, typer.Option(help="extended XYZ, written anew")],
    seed: Annotated[int, typer.Option(help="of packings, velocities and thermostat")] = 1,
) -> None:
    """Make melts, supercooled melts and glasses, one frame a walk."""
    substance, walks = Substance(), range(first, first + number)
    with TemporaryDirectory() as name:
        folder = Path(name)
        for index in walks:
            where = state_of(index)[1], substance.minimum_distances_A, generator_for(seed, "packing", index)
            packing = random_packing(substance.formula, 24, *where)  # 72 atoms
            write_data(folder / f"{index}.data", packing, substance.species)
        text = "".join(commands_of(index, model, substance.species, seed) for index in walks)
        ended = run_lammps(text, folder, deepmd=True)
        made = [frame for index in walks if (frame := last_frame(index, substance.species, folder)) is not None]
    write_frames(out, made)
    for frame in made:
        print(f"{frame.info['origin']}: {frame.info['pressure_GPa']} GPa")
    print(f"{out}: {len(made)} of {number} walks; {ended.error or 'LAMMPS ended well'}")


def screen(
    made: Annotated[Path, typer.Argument(help="frames of walks")],
    certified: Annotated[Path, typer.Argument(help="those that have their certificate of disorder")],
    out: Annotated[Path, typer.Option(help="frames to be labelled")],
) -> None:
    """Leave out what has no certificate, ordered oxygen, or a label already; the coldest, and cheapest, come first."""
    labelled = {frame.info.get("frame_id") for path in LABELS.glob("*.extxyz.gz") for frame in read_frames(path)}
    passed = {frame.info["frame_id"] for frame in read_frames(certified)}
    kept = []
    for frame in read_frames(made):
        name = frame.info["frame_id"]
        order = frame.info["oxygen_order"] = round(oxygen_order(frame), 3)
        if name in passed and name not in labelled and order <= LARGEST_ORDER:
            kept.append(frame)
        else:
            why = f"certificate {name in passed}, labelled already {name in labelled}, order of the oxygen {order}"
            print(f"refused: {name} {frame.info['origin']}: {why}")
    write_frames(out, sorted(kept, key=lambda frame: frame.info["temperature_K"]))


@reports_errors
def release(
    journals: Annotated[Path, typer.Argument(help="folder of the label store that is named by the settings digest")],
    released: Annotated[Path, typer.Argument(help="released labels (extended XYZ), written anew")],
    asked: Annotated[list[Path], typer.Argument(help="frames that were asked for (extended XYZ)")],
) -> None:
    """Write finished labels in the order they were computed in; as ``release_labels``, with kind and order kept."""
    infos = {frame.info["frame_id"]: frame.info for path in asked for frame in read_frames(path)}
    lines = [json.loads(line) for path in sorted(journals.glob("*.jsonl")) for line in path.read_text().splitlines()]
    frames = {}
    for values in (values for values in lines if values["status"] == "ok"):
        info = infos[values["frame_id"]]
        frame = frames[values["frame_id"]] = released_frame(values, info, journals.name)
        frame.info |= {key: info[key] for key in ("kind", "oxygen_order")}
    one_digest(frames.values(), str(released))
    write_frames(released, frames.values())
    print(f"{released}: {len(frames)} labels")


@reports_errors
def card(
    released: Annotated[Path, typer.Argument(help="released labels (extended XYZ)")],
    page: Annotated[Path, typer.Argument(help="page whose part below the mark is written")],
) -> None:
    """Write the card's tables from the labels."""
    substance, frames = Substance(), read_frames(released)
    more = [{"angle": bridging_angles(frame, substance).mean(), **frame.info} for frame in frames]
    table = pd.DataFrame([row_of(frame, substance) | extra for frame, extra in zip(frames, more, strict=True)])
    table["g"] = table.density.round(2)
    columns = {
        "kind": lambda g: g.kind.iloc[0],
        "frames": lambda g: str(len(g)),
        "density, g/cm³": lambda g: spread(g.g, ".1f"),
        "T, K": lambda g: spread(g.temperature, ".0f"),
        "label's p without the ideal gas, GPa": lambda g: spread(g.of_forces, ".1f"),
        "O around Si": lambda g: f"{g.coordination.mean():.2f}",
        "Si-O-Si, degrees": lambda g: f"{g.angle.mean():.0f}",
        "order of the oxygen": lambda g: spread(g.oxygen_order, ".2f"),
        "energy, eV/atom": lambda g: spread(g.energy, ".3f"),
        "RMS force component, eV/Å": lambda g: f"{np.sqrt((g.force**2).mean()):.1f}",
        "CPU s a label": lambda g: spread(g.seconds, ".0f"),
    }
    both = [grouped(table, columns, by) for by in (["kind", "temperature"], ["density", "temperature"])]
    head = f"{len(table)} frames of 72 atoms, settings digest `{one_digest(frames, str(released))}`"
    text = f"\n{head}, {table.seconds.sum() / 3600:.1f} CPU hours.\n\n{both[0]}\n\nBy density:\n\n{both[1]}\n"
    write_text(page, markdown.above(page, MARK) + text)


if __name__ == "__main__":
    app = typer.Typer(help="Melts, supercooled melts and glasses of low density.")
    for command in (train_on, walk, screen, release, card):
        app.command()(command)
    app()
