"""Datasets for training: splitting, neighbour counts, and DeePMD's own format through dpdata."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from melt2crystal.errors import UserError
from melt2crystal.files import complete, digest_of_file
from melt2crystal.frames import image_shifts


def check_content(files: Sequence[Path], beside: Path) -> None:
    """Refuse data that are not those whose SHA-256 stand in the JSON beside them (``content``): cut, altered, mixed.

    Raises:
        UserError: a file differs, or the JSON says nothing of it.
    """
    try:
        said = json.loads(beside.read_text(encoding="utf-8"))["content"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{beside}: says no SHA-256 of the data beside it ({error}); delete it and run again") from None
    sums = [said] if isinstance(said, str) else said
    for path, digest in zip(files, sums, strict=True):
        if digest_of_file(path) != digest:
            raise UserError(
                f"{path}: is not the file that was written: its SHA-256 isn't the one in {beside.name} beside it (cut "
                f"off, or edited). Delete {path} and run again: it is made anew from the labels"
            )


def split(frames: Sequence[Atoms], fraction: float, generator: np.random.Generator) -> tuple[list[int], list[int]]:
    """Indices for training and validation; every (T, p) state gives its share to the validation set.

    Args:
        fraction: share of the frames kept for validation; at least one frame in all.
    """
    states: dict[tuple[float, float], list[int]] = defaultdict(list)
    for index, frame in enumerate(frames):
        states[(frame.info.get("temperature_K", 0.0), frame.info.get("pressure_GPa", 0.0))].append(index)
    validation: list[int] = []
    carried = 0.0
    for state in sorted(states):
        carried += fraction * len(states[state])
        take = min(int(carried), len(states[state]))
        carried -= take
        validation += [int(k) for k in generator.permutation(states[state])[:take]]
    if not validation:
        validation = [int(generator.integers(len(frames)))]
    kept = set(validation)
    return [index for index in range(len(frames)) if index not in kept], sorted(validation)


def most_neighbours(frames: Sequence[Atoms], species: Sequence[str], r_cut_A: float, densest: int = 60) -> list[int]:
    """Largest number of neighbours of each species within the cutoff, over the densest frames, [species].

    Periodic images count; an atom itself does not. By trees: sixty times faster than ase.neighborlist for small cells.
    """
    largest = np.zeros(len(species), dtype=int)
    by_density = sorted(frames, key=lambda atoms: atoms.get_volume() / len(atoms))
    for atoms in by_density[:densest]:
        kinds = np.array([species.index(symbol) for symbol in atoms.symbols])
        positions, shifts = atoms.get_positions(wrap=True), image_shifts(atoms, r_cut_A)
        for kind in np.unique(kinds):
            images = (positions[kinds == kind] + shifts[:, None]).reshape(-1, 3)
            counts = cKDTree(images).query_ball_point(positions, r_cut_A, return_length=True)
            largest[kind] = max(largest[kind], (counts - (kinds == kind)).max())
    return [int(count) for count in largest]


def selection(counts: Sequence[int], margin: float) -> list[int]:
    """DeePMD's ``sel`` from neighbour counts: margin, then up to a multiple of four."""
    return [max(4, 4 * int(np.ceil(margin * count / 4))) for count in counts]


def write_hdf5(path: Path, frames: Sequence[Atoms], species: Sequence[str]) -> list[str]:
    """Write labelled frames as DeePMD HDF5, one system per composition.

    Returns:
        Names of the systems inside the file.
    """
    import dpdata

    groups: dict[str, list[Atoms]] = defaultdict(list)
    for frame in frames:
        groups[_composition(frame, species)].append(frame)
    systems = dpdata.MultiSystems(type_map=list(species))
    for members in groups.values():
        systems.append(dpdata.LabeledSystem(data=_system(members, species), type_map=list(species)))
    with complete(path) as beside:
        systems.to("deepmd/hdf5", str(beside))
    return sorted(systems.systems)


def _composition(frame: Atoms, species: Sequence[str]) -> str:
    return " ".join(str(frame.symbols.count(symbol)) for symbol in species)


def _system(frames: Sequence[Atoms], species: Sequence[str]) -> dict[str, Any]:
    """dpdata's dictionary of frames of one composition, atoms sorted by type; one concatenation, no appending.

    Virial = - volume x stress (ASE's sign), eV.
    """
    orders = [np.argsort([species.index(s) for s in frame.symbols], kind="stable") for frame in frames]
    kinds = np.array([species.index(symbol) for symbol in frames[0].symbols])[orders[0]]
    return {
        "atom_names": list(species),
        "atom_numbs": [int((kinds == kind).sum()) for kind in range(len(species))],
        "atom_types": kinds,
        "orig": np.zeros(3),
        "cells": np.stack([frame.cell.array for frame in frames]),
        "coords": np.stack([frame.get_positions()[order] for frame, order in zip(frames, orders, strict=True)]),
        "energies": np.array([frame.get_potential_energy() for frame in frames]),
        "forces": np.stack([frame.get_forces()[order] for frame, order in zip(frames, orders, strict=True)]),
        "virials": np.stack([-frame.get_volume() * frame.get_stress(voigt=False) for frame in frames]),
    }
