"""What a potential is tested on must not train it: labels of the benchmark's crystals are refused as training data."""

from collections.abc import Iterable

from ase import Atoms

from melt2crystal.errors import UserError

# what the frames of energy-volume curves and displaced supercells carry, in a study and among the released labels
MARKS = ("split", "polymorph")
FOUND_SPLIT = "found"  # of structures that a search found


def refuse_benchmark_frames(frames: Iterable[Atoms], where: str) -> None:
    """Refuse frames of the benchmark in a training set.

    Args:
        frames: frames somebody wants to train on.
        where: the files they came from, for the message.

    Raises:
        UserError: a frame says in its ``info`` that it is of a split kept apart or of a known polymorph.
    """
    found = [frame.info for frame in frames if any(mark in frame.info for mark in MARKS)]
    if not found:
        return
    kinds = sorted({str(info.get("split", info.get("polymorph"))) for info in found})
    raise UserError(
        f"{where}: {len(found)} frames belong to the benchmark ({', '.join(kinds)}; the first is "
        f"{found[0].get('frame_id', 'without a frame_id')}), and a potential must not be trained on what it is tested "
        "on; take these files out of the training data"
    )
