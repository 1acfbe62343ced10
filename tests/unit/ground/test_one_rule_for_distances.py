"""A pair of atoms that is too close is so for the search, the labels, the selection and the check of files alike."""

import numpy as np
import pytest
from ase.build import bulk
from pydantic import ValidationError

from melt2crystal.explore.geometry import geometry_problem
from melt2crystal.frames import canonical_frame, too_close
from melt2crystal.label.exchange import without_label
from melt2crystal.label.store import LabelStore, label_frames
from melt2crystal.search.conditions import conditions_of
from melt2crystal.search.melts import Bounds
from melt2crystal.sections.search import Relaxation, Search, Starts
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.frame_check import distance_check
from tests.helpers.counting_engine import Counting

# Si-O as in the issue; a pair of equal species, and an atom too close to its own image
PAIRS = {"Si-O": 1.1, "O-O": 1.4, "Si-Si": 1.8}


def frame_with(pair: str, share: float):
    """A wide cell in which one pair has a share of its smallest distance."""
    one, other = pair.split("-")
    if pair == "Si-Si":  # its own image
        lone = bulk("Si", "sc", a=6.0)
        lone.set_cell([share * PAIRS[pair], 6.0, 6.0])
        return canonical_frame(lone)
    atoms = bulk(one, "sc", a=8.0) + bulk(other, "sc", a=8.0)
    atoms.set_cell(8.0 * np.eye(3))
    atoms.positions[1] = atoms.positions[0] + [share * PAIRS[pair], 0, 0]
    return canonical_frame(atoms)


def verdicts(tmp_path, frame) -> dict[str, bool]:
    """Who takes the frame."""
    substance = Substance()
    limits, store = substance.minimum_distances_A, LabelStore(tmp_path, "d", "a")
    engine = Counting()
    (_, label, _) = next(iter(label_frames([frame], engine, store, 100.0, limits)))
    (_, again, _) = next(iter(label_frames([frame], engine, store, 100.0, limits)))  # it may be known now
    wide, bounds = Relaxation(volume_range_A3_per_atom=(1, 1e4)), Bounds((10.0, 20.0), -1.0, (0.0,), 1)
    sanity = conditions_of(substance, Starts(), wide, bounds, [], 1, 0.0, 1).sanity
    empty = LabelStore(tmp_path / "empty", "d", "a")
    return {
        "label": label.status == "ok",
        "label again": again.status == "ok",
        "asked of the engine": bool(engine.asked),
        "label elsewhere": bool(without_label([frame], empty, limits)[0]),
        "search": sanity.complaint(frame, -1.0) is None,
        "selection": geometry_problem(frame, (0.0, 100.0), limits) == "",
        "file": distance_check(limits)(frame) == "",
    }


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("share, taken", [(0.95, False), (0.995, False), (1.005, True)])
def test_all_who_ask_agree(tmp_path, pair, share, taken):
    assert set(verdicts(tmp_path, frame_with(pair, share)).values()) == {taken}


def test_a_known_label_of_a_frame_that_is_too_close_is_not_used(tmp_path):
    near = frame_with("O-O", 0.95)
    store = LabelStore(tmp_path, "d", "a")
    list(label_frames([near], Counting(), store, 100.0, {"O-O": 1.0}))  # the limit was lower then
    engine = Counting()
    ((_, label, known),) = label_frames([near], engine, LabelStore(tmp_path, "d", "b"), 100.0, PAIRS)
    assert (label.status, known, engine.asked) == ("unphysical", True, [])
    assert label.reason == f"not used: {too_close(near, PAIRS)}"


def test_the_former_factor_is_read_where_it_was_the_default_and_told_elsewhere():
    assert Search(distance_factor=0.9) == Search(distance_factor=1) == Search()
    with pytest.raises(ValidationError, match="one rule for distances now"):
        Search(distance_factor=0.7)
