"""Relaxed crystals as a study's table has them: one lost, one whose relaxation did not end."""

import numpy as np
import pandas as pd

from melt2crystal.summary.schema import RelaxedTotals


def crystals_relaxed() -> tuple[pd.DataFrame, RelaxedTotals]:
    """The table, and its totals."""
    nothing = dict.fromkeys(("volume_error_percent", "scatter_percent_reference", "rank", "rank_reference"), np.nan)
    lost = {"polymorph": "alpha_quartz", "potential": "hp", "pressure_GPa": 0.0, "members": 2, "kept": 0,
            "verdict": "lost: space group 180 instead of 154, volume +5.7 %", "volume_A3_per_formula": 42.24,
            "volume_A3_per_formula_reference": 39.98, "volume_error_percent": 5.653, "space_groups": "180",
            "scatter_percent_reference": 0.021, "bridging_angle_deg": 152.4, "bridging_angle_deg_reference": 144.2,
            "c_over_a": 1.0951, "c_over_a_reference": 1.1, "space_group_reference": 154, "state_reference": "relaxed",
            "energy_error_meV_per_atom": 3.21, "rank": 2.0, "rank_reference": 1.0}  # fmt: skip
    open_end = lost | nothing | {"polymorph": "stishovite", "verdict": "1 of 2 members not relaxed to the end"}
    relaxed = pd.DataFrame([lost, open_end])
    totals = RelaxedTotals(pressure_GPa=0, crystals=2, with_reference=2, kept_by_reference=2, kept_by_all_members=0,
                           volume_rms_percent=5.65, misplaced_pairs=0, pairs=1)  # fmt: skip
    return relaxed, totals
