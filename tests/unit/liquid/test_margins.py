"""Both sides of the limits of the certificate, as a user of another substance sees them."""

import pandas as pd
import pytest

from melt2crystal.frames import read_frames
from melt2crystal.liquid.margins import margins, measures_of
from melt2crystal.liquid.ordering import limit_nats
from melt2crystal.sections.liquid import Certificate
from tests.helpers.checkout import REPOSITORY as ROOT

SETTINGS = Certificate()
SILICA = {"Si": 1, "O": 2}


def test_a_limit_is_proposed_half_way_where_the_sides_are_apart_and_errors_are_counted():
    rows = [("crystal", 0.5, 0.3, 50.0), ("crystal", 0.7, 0.1, 90.0), ("melt", 0.1, 0.2, 1.0), ("melt", 0.45, 0.0, 8.0)]
    table = pd.DataFrame(rows, columns=["side", "crystal_fraction", "repeated_fraction", "order_nats"])
    alike, repeated, order = margins(table, SETTINGS)
    assert alike["proposed"] == "0.47" and alike["limit"] == SETTINGS.crystal_fraction_max
    assert alike["alarms"] == 0.5 and alike["missed"] == 0
    assert repeated["proposed"] == "they overlap" and repeated["missed"] == 0.5 and repeated["alarms"] == 0.5
    assert order["limit"] == pytest.approx(limit_nats(SETTINGS)) and order["proposed"] == "29"


def test_hot_crystals_and_melts_of_silica_are_apart():
    library = sorted((ROOT / "data/polymorphs").glob("*.cif"))
    potential = ROOT / "data/potentials/silica_bks.lmp"
    sides = {"crystal": read_frames(ROOT / "tests/data/hot_crystals.extxyz")[::4]}
    sides["melt"] = read_frames(ROOT / "tests/data/melts.extxyz")[:3]
    found = [
        measures_of(frames, library, SETTINGS, SILICA, potential).assign(side=side) for side, frames in sides.items()
    ]
    alike, repeated, _ = margins(pd.concat(found), SETTINGS)
    assert alike["missed"] == repeated["missed"] == alike["alarms"] == repeated["alarms"] == 0
    assert SETTINGS.crystal_fraction_max * 0.5 < float(str(alike["proposed"])) < 0.8
