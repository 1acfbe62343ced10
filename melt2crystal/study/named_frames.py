"""Are the melts and found structures that a study takes from files what it needs, and are they labelled?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.registry import reference_engine
from melt2crystal.errors import UserError
from melt2crystal.frames import bare_frame, frame_id, read_frames
from melt2crystal.label.collecting import failures_allowed
from melt2crystal.liquid.melts_from_files import complaint, each_once, held_out
from melt2crystal.marks import FOUND_SPLIT
from melt2crystal.structure.frame_check import (
    digest_check,
    distance_check,
    falling_pressure,
    label_problem,
    labels_differ,
    pressure_problem,
    structure_problem,
)
from melt2crystal.structure.same_frame import KnownFrames
from melt2crystal.study.checks import SMALLEST_MELT, exactly
from melt2crystal.study.model import Study
from melt2crystal.study.source import KeyPath, Mistake

if TYPE_CHECKING:
    from ase import Atoms

    from melt2crystal.label.store import LabelStore

FRAME_FILES = (".extxyz", ".xyz", ".extxyz.gz", ".xyz.gz")
Named = tuple[KeyPath, str, list["Atoms"]]  # key of a file, its name, its frames
NEEDED = {"substance", "reference", "label", "liquid", "release", "search", "certificate"}


def mistakes_in_frames(study: Study, root: Path, broken: Collection[str] = ()) -> list[Mistake]:
    """What is wrong with ``liquid.frames`` and ``search.found``; files that are missing are told elsewhere."""
    if NEEDED & set(broken):
        return []
    known = None if study.computes_labels else _known_labels(study, root)
    return [*_given_labels(study, root), *_melts(study, root, known), *_found(study, root, known)]


def mistakes_in_labels(name: str, path: KeyPath, root: Path) -> Iterator[Mistake]:
    """What is wrong with a file of ``label.known``: each frame that says whose label it has must have a whole one."""
    frames = yield from _readable(root / name, path)
    labels = {number: atoms for number, atoms in enumerate(frames) if "settings_digest" in atoms.info}
    if frames and not labels:
        problem = f"{name}: none of its {len(frames)} frames says settings_digest, so that none is looked up"
        yield Mistake(path, problem, "labels that say of which reference they are (docs/guides/released-labels.md)")
    for number, atoms in labels.items():
        if wrong := structure_problem(atoms) or label_problem(atoms):
            yield Mistake(path, f"{name}: frame {number} {wrong}", "whole labels: energy, forces, stress")
            return
    if problem := falling_pressure(list(labels.values())):
        yield Mistake(path, f"{name}: {problem}", "stress as ASE has it")


def _given_labels(study: Study, root: Path) -> Iterator[Mistake]:
    """What is wrong with ``reference.labels`` of ``engine: given``: every frame must be a whole label of that code."""
    if study.reference.engine != "given":
        return
    whole: list[Named] = []
    try:
        digest = settings_digest(reference_engine(study.reference, study.substance.species))
    except OSError:  # a file of the reference is missing: told where it is named
        return
    check = digest_check(digest)
    for index, name in enumerate(study.reference.labels):
        path: KeyPath = ("reference", "labels", index)
        frames = yield from _readable(root / name, path)
        for number, atoms in enumerate(frames):
            if wrong := structure_problem(atoms) or label_problem(atoms) or check(atoms):
                yield Mistake(path, f"{name}: frame {number} {wrong}", "whole labels: energy, forces, stress")
                break
        else:
            if problem := falling_pressure(frames):
                yield Mistake(path, f"{name}: {problem}", "stress as ASE has it")
            whole.append((path, name, frames))
    if len(whole) < len(study.reference.labels):
        return
    for index, name in enumerate(study.label.known):
        frames = yield from _readable(root / name, ("label", "known", index))
        mine = [atoms for atoms in frames if atoms.info.get("settings_digest") == digest]
        if any(structure_problem(atoms) or label_problem(atoms) for atoms in mine):
            return  # told where it is named
        whole.append((("label", "known", index), name, mine))
    yield from (mistake for _, mistake in _apart(whole, digest))


def known_labels_apart(study: Study, root: Path) -> list[tuple[bool, Mistake]]:
    """Two labels of one frame in the files of ``label.known``, with whether they are of the study's reference."""
    named: list[Named] = []
    for index, name in enumerate(study.label.known):
        frames = [atoms for atoms in read_frames(root / name) if "settings_digest" in atoms.info]
        named.append((("label", "known", index), name, frames))
    apart = _apart(named)
    if not apart:
        return []
    try:
        mine = settings_digest(reference_engine(study.reference, study.substance.species))
    except (UserError, OSError):  # a file of the reference is missing: told where it is named
        return []
    return [(digest == mine, mistake) for digest, mistake in apart]


def _apart(named: list[Named], digest: str = "") -> list[tuple[str, Mistake]]:
    """The first label of each file that differs from one of the same frame before it, with its settings digest."""
    first: dict[tuple[str, str], tuple[str, tuple[float, np.ndarray]]] = {}
    seen: dict[str, KnownFrames] = defaultdict(KnownFrames)
    found: dict[tuple[str, str], Mistake] = {}
    for path, name, frames in named:
        for number, atoms in enumerate(frames):
            of = digest or str(atoms.info["settings_digest"])
            energy, forces, mine = atoms.get_potential_energy(), atoms.get_forces(), frame_id(atoms)
            same = seen[of].find(atoms)  # also wrapped otherwise, or in another order
            if same is None:
                seen[of].add(atoms, mine)
                first[of, mine] = f"{name}: frame {number}", (energy, forces)
                continue
            place, (before, theirs) = first[of, same[0]]
            if (of, name) not in found and (how := labels_differ((before, theirs[same[1]]), (energy, forces))):
                problem = f"{name}: frame {number} ({mine}) has another label in {place}: {how}"
                found[of, name] = Mistake(path, problem, "one label of each frame; take the wrong one out")
    return [(of, mistake) for (of, _), mistake in found.items()]


def _melts(study: Study, root: Path, known: LabelStore | None) -> Iterator[Mistake]:
    frames: list[Atoms] = []
    for index, name in enumerate(study.liquid.frames or ()):
        path: KeyPath = ("liquid", "frames", index)
        mine = yield from _readable(root / name, path)
        least = SMALLEST_MELT if study.certificate.enabled else 1
        problems = [complaint(atoms, study.substance.formula, least) for atoms in mine]
        wrong = [problem for problem in problems if problem]
        if wrong:
            problem, count = Counter(wrong).most_common(1)[0]
            allowed = f"melts of {SMALLEST_MELT} atoms or more with temperature_K and pressure_GPa"
            said = f"{name}: {len(wrong)} of {len(mine)} frames can't be used; most often a frame {problem} "
            said += f"({count} times, the first is frame {problems.index(problem)})"
            yield Mistake(path, said, allowed)
            return
        yield from _too_close(mine, name, path, study)
        yield from _labelled(mine, name, path, known)
        frames += mine
    if frames:
        yield from _divisible(frames, study)


def _too_close(frames: list[Atoms], name: str, path: KeyPath, study: Study) -> Iterator[Mistake]:
    """As many frames that can get no label as would stop the study at its label stage."""
    near = distance_check(study.substance.minimum_distances_A)
    problems = {number: problem for number, atoms in enumerate(frames) if (problem := near(atoms))}
    if len(problems) > failures_allowed(study.label.failure_tolerance, len(frames)):
        first, problem = next(iter(problems.items()))
        said = f"{name}: {len(problems)} of {len(frames)} frames are too close; frame {first} {problem}"
        yield Mistake(path, said, "frames without, or smaller distances")


def _divisible(frames: list[Atoms], study: Study) -> Iterator[Mistake]:
    """Can they be split, and are there any at the pressures of LP and HP?"""
    try:
        frames, _ = each_once(frames)
        held_out(frames, study.liquid.heldout_share, study.seed)
    except UserError as error:
        yield Mistake(("liquid", "frames"), str(error), "melts of several walks")
    there = {float(atoms.info["pressure_GPa"]) for atoms in frames}
    # what the loop adds comes at the grid's pressures, but LP must not depend on its decisions
    for name in study.potentials:
        for pressure in getattr(study.release, name).pressures_GPa or ():
            if pressure not in there:
                allowed = (
                    f"pressures of the frames ({', '.join(exactly(p) for p in sorted(there))} GPa), or null for all"
                )
                problem = f"no frame of liquid.frames is at {exactly(pressure)} GPa"
                yield Mistake(("release", name, "pressures_GPa"), problem, allowed)


def _found(study: Study, root: Path, known: LabelStore | None) -> Iterator[Mistake]:
    if study.search.found is None or not study.search.enabled:
        return
    path: KeyPath = ("search", "found")
    if not study.found_with_labels:
        yield from _labelled_but_unknown(study.search.found, path, root)
        return
    frames = yield from _readable(root / study.search.found, path)
    marked = [a for a in frames if a.info.get("split") == FOUND_SPLIT and {"id", "pressure_GPa"} <= set(a.info)]
    if len(marked) < len(frames):
        counts = f"{study.search.found}: {len(frames) - len(marked)} of {len(frames)}"
        problem = f"{counts} frames don't say split: found, id and pressure_GPa"
        yield Mistake(path, problem, "a file of tools/released/release_found.py")
        return
    for number, atoms in enumerate(frames):
        if not str(atoms.info["id"]).strip():
            yield Mistake(path, f"{study.search.found}: frame {number} has an empty id", "an id of its own for each")
            return
        if wrong := pressure_problem(atoms) or structure_problem(atoms) or _not_the_substance(atoms, study):
            yield Mistake(path, f"{study.search.found}: frame {number} (id {atoms.info['id']}) {wrong}", "crystals")
            return
    repeated = [name for name, count in Counter(str(atoms.info["id"]) for atoms in frames).items() if count > 1]
    if repeated:
        shown = ", ".join(repeated[:5]) + (", ..." if len(repeated) > 5 else "")
        problem = f"{study.search.found}: {len(repeated)} ids are there more than once: {shown}"
        yield Mistake(path, problem, "an id of its own for each structure, also between pressures")
        return
    there = sorted({float(atoms.info["pressure_GPa"]) for atoms in frames})
    for index, pressure in enumerate(study.search.pressures_GPa):
        if frames and pressure not in there:
            allowed = f"pressures of {study.search.found} ({', '.join(exactly(p) for p in there)} GPa)"
            yield Mistake(
                ("search", "pressures_GPa", index), f"no structure was found at {exactly(pressure)} GPa", allowed
            )
    yield from _labelled(frames, study.search.found, path, known)


def _labelled_but_unknown(name: str, path: KeyPath, root: Path) -> Iterator[Mistake]:
    """A file of a search's labels that label.known lacks: relaxing its structures afresh can't be what is meant."""
    try:
        if not (root / name).is_file() or not name.endswith(FRAME_FILES):
            return
        first = next(iter(read_frames(root / name)), None)
    except (UserError, OSError):
        return  # HP's relaxation says what is wrong with it, structure by structure
    if first is not None and first.info.get("split") == FOUND_SPLIT:
        allowed = "a file that label.known names too; or a folder that holds it, whose structures HP relaxes"
        yield Mistake(path, f"{name} is not in label.known, and its frames are labels (split: found)", allowed)


def _not_the_substance(atoms: Atoms, study: Study) -> str:
    counts = Counter(atoms.get_chemical_symbols())
    units = len(atoms) // study.substance.atoms_per_formula_unit
    whole = {symbol: units * count for symbol, count in study.substance.formula.items()}
    return "" if counts == whole else f"holds {atoms.get_chemical_formula()}, no whole formula units of the substance"


def _known_labels(study: Study, root: Path) -> LabelStore | None:
    """Labels of the files of ``label.known``; None if one is missing or unreadable (told where it is named)."""
    from melt2crystal.label.store import LabelStore

    try:
        digest = settings_digest(reference_engine(study.reference, study.substance.species))
        theirs = [root / file for file in getattr(study.reference, "labels", [])]
        return LabelStore(root / "nowhere", digest, "nobody", [root / file for file in study.label.known], theirs)
    except (UserError, OSError):
        return None


def _labelled(frames: list[Atoms], name: str, path: KeyPath, known: LabelStore | None) -> Iterator[Mistake]:
    """Without an engine every frame needs a known label of the study's settings."""
    unknown = [] if known is None else [atoms for atoms in frames if known.find(bare_frame(atoms)) is None]
    if known is not None and unknown:
        where, why = "label.known", "label.compute is false"
        if known.of_another_code:
            where, why = "reference.labels", "the engine given computes nothing"
        digests = Counter(str(atoms.info.get("settings_digest", "none")) for atoms in unknown)
        theirs = ", ".join(f"{digest} ({count})" for digest, count in digests.items())
        yield Mistake(
            path,
            f"{name}: {len(unknown)} of {len(frames)} frames have no label of this reference in {where}, and {why} "
            f"(the first is {frame_id(unknown[0])}; the study's settings digest is "
            f"{known.digest}, theirs: {theirs})",
            "frames with labels of the study's settings, or a reference that computes them",
        )


def _readable(path: Path, key: KeyPath) -> Generator[Mistake, None, list[Atoms]]:
    """Frames of a file; none if it is missing (told elsewhere)."""
    try:
        if not path.is_file():
            return []
        frames = read_frames(path)
    except OSError:  # a name no file can have, told where it is named
        return []
    except UserError as error:
        yield Mistake(key, str(error), "a readable extended XYZ file")
        return []
    if not frames:
        yield Mistake(key, f"{path.name} holds no frames", "a file with frames")
    return frames
