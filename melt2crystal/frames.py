"""The one currency: the frame, a configuration with an id that is a hash of its structure."""

import gzip
import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from melt2crystal import extended_xyz
from melt2crystal.errors import UserError
from melt2crystal.files import complete

GRAMS_PER_CM3 = 1.66053907  # one atomic mass unit per Å³
DECIMALS = 8  # what extended XYZ keeps; the id is made from exactly what is written
LARGEST_FILE = "MELT2CRYSTAL_LARGEST_FILE_MB"  # environment variable: the largest file of frames, unpacked, MB
LARGEST_FILE_MB = 2000


def canonical_frame(atoms: Atoms) -> Atoms:
    """A copy with cell and positions rounded to what a file keeps, and its ``frame_id`` in ``info``."""
    frame = atoms.copy()
    frame.set_cell(np.round(frame.cell.array, DECIMALS) + 0.0)
    frame.set_positions(np.round(frame.get_positions(), DECIMALS) + 0.0)
    frame.info["frame_id"] = frame_id(frame)
    return frame


def bare_frame(atoms: Atoms) -> Atoms:
    """The structure alone as a canonical frame: species, cell, positions; no label, no info but ``frame_id``."""
    return canonical_frame(Atoms(atoms.get_chemical_symbols(), atoms.get_positions(), cell=atoms.cell.array, pbc=True))


def frame_id(atoms: Atoms) -> str:
    """'f' and 15 hexadecimal digits from species, cell and positions as written (8 decimals, A).

    The letter keeps extended XYZ from reading an id like 12345678901234e5 as a number.
    """
    row = " ".join([f"%.{DECIMALS}f"] * 3) + "\n"
    rows = [row % tuple(vector) for vector in [*atoms.cell.array.tolist(), *atoms.positions.tolist()]]
    content = " ".join(atoms.get_chemical_symbols()) + "\n" + "".join(rows)
    content = content.replace("-0." + "0" * DECIMALS, "0." + "0" * DECIMALS)
    return "f" + hashlib.sha256(content.encode()).hexdigest()[:15]


def read_frames(path: Path | str) -> list[Atoms]:
    """All frames of an extended XYZ file (also gzipped); an empty file is an empty list.

    Raises:
        UserError: the file is missing, too large or not extended XYZ.
    """
    path = Path(path)
    frames: list[Atoms] = []
    try:
        text = _text_of(path)
        if not text.strip():
            return []
        plain = extended_xyz.parse(text)
        if plain is not None:
            return plain
        text = extended_xyz.without_blank_lines(text)
        if problem := extended_xyz.impossible_size(text) or extended_xyz.told_twice(text):
            raise UserError(f"{path}: not readable as extended XYZ: {problem}")
        from ase.io import iread  # a CPU second, and seldom needed

        for atoms in iread(io.StringIO(text), index=":", format="extxyz"):
            frames.append(atoms)
        return extended_xyz.with_texts(frames, text)
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error})") from error
    except Exception as error:  # ASE raises many kinds on broken files
        where = f"frame {len(frames)} is" if frames else "its first frame or its number of lines is"
        raise UserError(f"{path}: {where} not readable as extended XYZ ({type(error).__name__}: {error})") from error


def _text_of(path: Path) -> str:
    """The text of a file; one that would fill the memory (a bomb of gzip too) is refused once it has grown too large.

    Raises:
        UserError: it is larger than the environment allows.
    """
    said = os.environ.get(LARGEST_FILE, str(LARGEST_FILE_MB))
    try:
        most = int(float(said) * 1e6)
    except (ValueError, OverflowError):
        raise UserError(f"the environment variable {LARGEST_FILE} is {said!r}; give a number of megabytes") from None
    opener = gzip.open if path.suffix == ".gz" else open
    content = io.BytesIO()
    with opener(path, "rb") as handle:
        while chunk := handle.read(1 << 20):
            content.write(chunk)
            if content.tell() > most:
                raise UserError(
                    f"{path}: holds more than {most / 1e6:g} MB of text, which may fill the memory; is it a file of "
                    f"frames? If so, set the environment variable {LARGEST_FILE} to its size in MB, or divide it"
                )
    content.seek(0)
    return io.TextIOWrapper(content, encoding="utf-8-sig").read()  # editors may put a byte-order mark first


def write_frames(path: Path | str, frames: Iterable[Atoms]) -> None:
    """Write frames (with their labels, if any) as extended XYZ, complete or absent; gzipped if the name ends so.

    The same frames give the same bytes: a gzipped file carries no time.
    """
    frames = list(frames)
    text = extended_xyz.render(frames)
    if text is None:
        from ase.io import write  # a CPU second, and seldom needed

        beside_ours = io.StringIO()
        write(beside_ours, frames, format="extxyz")
        text = beside_ours.getvalue()
    content = text.encode()
    with complete(Path(path)) as beside:
        beside.write_bytes(gzip.compress(content, mtime=0) if Path(path).suffix == ".gz" else content)


def density_g_per_cm3(atoms: Atoms) -> float:
    """Mass density, g/cm3."""
    return float(atoms.get_masses().sum() / atoms.get_volume() * GRAMS_PER_CM3)


def perpendicular_widths(cell: np.ndarray) -> np.ndarray:
    """Distances [3] between opposite faces of a cell [3, 3] (rows are vectors), Å."""
    normals = np.cross(np.roll(cell, -1, axis=0), np.roll(cell, -2, axis=0))
    return np.abs(np.linalg.det(cell)) / np.linalg.norm(normals, axis=1)


def image_shifts(atoms: Atoms, reach_A: float) -> np.ndarray:
    """Vectors of all periodic images whose cell may come within reach of the cell itself, [images, 3], A."""
    if not atoms.pbc.any():
        return np.zeros((1, 3))
    heights = 1 / np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0)
    ranges = [np.arange(-most, most + 1) for most in np.where(atoms.pbc, np.ceil(reach_A / heights), 0).astype(int)]
    return np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3) @ atoms.cell.array


def minimum_distances(atoms: Atoms) -> dict[str, float]:
    """Smallest distance of each pair of species, A; key 'A-B' in the order of appearance in the chemical symbols.

    Periodic images are counted, so that a cell that is too small shows too; 3 Å where no pair is nearer than that.
    """
    from scipy.spatial import cKDTree  # half a CPU second to import

    cutoff = 3.0
    positions, shifts = atoms.get_positions(wrap=True), image_shifts(atoms, cutoff)
    images = (positions + shifts[:, None]).reshape(-1, 3)
    pairs = cKDTree(positions).sparse_distance_matrix(cKDTree(images), cutoff, output_type="ndarray")
    itself = int(np.flatnonzero(~shifts.any(axis=1))[0]) * len(atoms) + pairs["i"]
    pairs = pairs[pairs["j"] != itself]
    first, second, distance = pairs["i"], pairs["j"] % len(atoms), pairs["v"]
    symbols = np.array(atoms.get_chemical_symbols())
    species = list(dict.fromkeys(symbols))
    smallest: dict[str, float] = {}
    for a, symbol_a in enumerate(species):
        for symbol_b in species[a:]:
            of_pair = (symbols[first] == symbol_a) & (symbols[second] == symbol_b)
            smallest[f"{symbol_a}-{symbol_b}"] = float(distance[of_pair].min()) if of_pair.any() else cutoff
    return smallest


def pair_limits(symbols: Sequence[str], minimum_distances_A: Mapping[str, float], unnamed_A: float = 0.0) -> np.ndarray:
    """Smallest distance allowed between any two atoms, also of an atom and its own images, [n, n], A.

    Args:
        symbols: species of the atoms.
        minimum_distances_A: pair ('A-B', in either order) -> smallest distance.
        unnamed_A: limit of pairs that are not named.
    """
    both = {tuple(pair.split("-")): limit for pair, limit in minimum_distances_A.items()}
    return np.array([[both.get((a, b), both.get((b, a), unnamed_A)) for b in symbols] for a in symbols])


def too_close(atoms: Atoms, limits: Mapping[str, float]) -> str | None:
    """The first pair of species closer than its limit, in words, or None.

    The one rule for distances: labels, selection, search and frames of others ask here, with
    ``substance.minimum_distances_A`` as it is.
    """
    found = minimum_distances(atoms)
    for pair, limit in limits.items():
        a, b = pair.split("-")
        distance = found.get(f"{a}-{b}", found.get(f"{b}-{a}"))
        if distance is not None and distance < limit:
            return f"{pair} distance {distance:.2f} Å is below {limit:g} Å"
    return None
