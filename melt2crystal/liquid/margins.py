"""Both sides of the certificate's limits: what each check measures in crystals and in melts, and where a limit fits."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from ase import Atoms

from melt2crystal.liquid.measured import measured_frames, read_library
from melt2crystal.liquid.ordering import limit_nats
from melt2crystal.sections.liquid import Certificate

# head of a column -> form of its cells
MEASURES = {
    "measure": "{measure}",
    "crystals: least": "{crystals_least:.3g}",
    "5 % below": "{crystals_low:.3g}",
    "melts: 95 % below": "{melts_high:.3g}",
    "most": "{melts_most:.3g}",
    "limit": "{limit:.3g}",
    "crystals below it": "{missed:.0%}",
    "melts above it": "{alarms:.1%}",
    "proposed": "{proposed}",
}


def measures_of(
    frames: Sequence[Atoms],
    library: Sequence[Path],
    settings: Certificate,
    formula: Mapping[str, int],
    potential: Path,
) -> pd.DataFrame:
    """A row for each frame whose quench works: ``crystal_fraction``, ``repeated_fraction``, ``order_nats``."""
    rows = []
    for one in measured_frames(frames, read_library(library, formula), settings, formula, potential):
        if not isinstance(one, str):
            measured, _ = one
            rows.append(
                {
                    "crystal_fraction": measured.crystal_fraction,
                    "repeated_fraction": measured.repeated_fraction,
                    "order_nats": measured.order.nats,
                    "ordered_species": measured.order.species,
                }
            )
    return pd.DataFrame(rows, columns=["crystal_fraction", "repeated_fraction", "order_nats", "ordered_species"])


def margins(table: pd.DataFrame, settings: Certificate) -> list[dict[str, object]]:
    """Spread of each measure on both sides, the limit and what it gets wrong, and a limit half way between.

    Args:
        table: rows of ``measures_of`` with a column ``side``, crystal or melt.
        settings: the limits as they are.
    """
    limits = {
        "crystal_fraction": settings.crystal_fraction_max,
        "repeated_fraction": settings.repeated_fraction_max,
        "order_nats": limit_nats(settings),
    }
    rows: list[dict[str, object]] = []
    for measure, limit in limits.items():
        crystals, melts = (table[table["side"] == side][measure] for side in ("crystal", "melt"))
        apart = crystals.min() > melts.max()
        rows.append(
            {
                "measure": measure,
                "crystals_least": crystals.min(),
                "crystals_low": crystals.quantile(0.05),
                "melts_high": melts.quantile(0.95),
                "melts_most": melts.max(),
                "limit": limit,
                "missed": (crystals <= limit).mean(),
                "alarms": (melts > limit).mean(),
                "proposed": f"{(crystals.min() + melts.max()) / 2:.2g}" if apart else "they overlap",
            }
        )
    return rows
