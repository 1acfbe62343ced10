"""Shares of origins that follow success: what gave new structures among the parents is asked for more often.

Probability matching with a least probability (D. E. Goldberg, Mach. Learn. 5, 407 (1990); D. Thierens, Proc. GECCO
2005, 1539, https://doi.org/10.1145/1068009.1068251), the idea of USPEX's ``AutoFrac`` (A. O. Lyakhov et al., Comput.
Phys. Commun. 184, 1172 (2013)): the given shares stand where these have equal ones.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

Shares = dict[str, float]
FLOOR = 0.25  # of its given share, below which none falls
FADING = 0.7  # weight of a generation against the one after it: what helps late is not what helped early
TRIALS = 8.0  # that every origin is credited with beforehand, at the mean rate: three of three prove little


def given_shares(random_share: float, starts: Mapping[str, float], operators: Mapping[str, float]) -> Shares:
    """Origin -> share of a generation after the first, 1 together.

    Args:
        random_share: of the starts.
        starts, operators: origin -> share among the starts, among the children; in any unit.
    """
    of_starts, of_children = sum(starts.values()), sum(operators.values())
    return {
        **{name: random_share * share / of_starts for name, share in starts.items()},
        **{name: (1 - random_share) * share / of_children for name, share in operators.items()},
    }


def adapted(given: Mapping[str, float], tried: Mapping[str, float], succeeded: Mapping[str, float]) -> Shares:
    """Origin -> share of the next generation, 1 together; the given ones as long as nothing succeeded.

    A share is the given one times the origin's rate of success, normalised, and at least ``FLOOR`` of the given one.

    Args:
        given: origin -> share, 1 together; what is given none gets none.
        tried, succeeded: origin -> candidates, and successes among them, as they count.
    """
    successes = sum(succeeded.get(name, 0.0) for name in given)
    if successes <= 0:
        return dict(given)
    mean = successes / sum(tried.get(name, 0.0) for name in given)
    earned = {
        name: share * (succeeded.get(name, 0.0) + TRIALS * mean) / (tried.get(name, 0.0) + TRIALS)
        for name, share in given.items()
    }
    total = sum(earned.values())
    return {name: FLOOR * share + (1 - FLOOR) * earned[name] / total for name, share in given.items()}


class Record:
    """What each origin gave in the generations so far, the later ones counted more.

    Args:
        given: origin -> share, 1 together.
    """

    def __init__(self, given: Mapping[str, float]) -> None:
        self.given = dict(given)
        self.tried: dict[str, float] = {}
        self.succeeded: dict[str, float] = {}

    def add(self, origins: Sequence[tuple[str, str]], newcomers: Iterable[str]) -> None:
        """Count a finished generation.

        Args:
            origins: id and origin of each of its candidates, also of those that failed.
            newcomers: ids of those that are parents now, in a niche that had none.
        """
        new = set(newcomers)
        for counts, some in (
            (self.tried, origins),
            (self.succeeded, [(name, origin) for name, origin in origins if name in new]),
        ):
            for origin in self.given:
                counts[origin] = FADING * counts.get(origin, 0.0) + sum(own == origin for _, own in some)

    def shares(self) -> Shares:
        """Of the next generation."""
        return adapted(self.given, self.tried, self.succeeded)


def split(shares: Mapping[str, float], starts: Iterable[str]) -> tuple[float, Shares, Shares]:
    """Share of the starts, and origin -> share of starts and of children, neither normalised."""
    names = set(starts)
    own = {name: share for name, share in shares.items() if name in names}
    return sum(own.values()), own, {name: share for name, share in shares.items() if name not in names}


def origin_for(shares: Mapping[str, float], draw: float) -> str:
    """The origin for a number in [0, 1); shares in any unit, not all zero."""
    edges = np.cumsum(list(shares.values()))
    return list(shares)[int(np.searchsorted(edges[:-1] / edges[-1], draw, side="right"))]


def in_words(shares: Mapping[str, float]) -> str:
    """Shares in per cent, largest first, none of nothing."""
    ordered = sorted(shares.items(), key=lambda one: -one[1])
    return ", ".join(f"{name} {100 * share:.1f} %" for name, share in ordered if share > 0)
