"""What a search without a study is asked for, checked before anything is computed."""

import re
from collections.abc import Sequence
from math import gcd
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from melt2crystal.errors import UserError
from melt2crystal.sections.search import Starts
from melt2crystal.settings import Section

SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
WRITTEN = re.compile(r"[A-Za-z0-9()\[\]]{1,60}")
SIZES = (1, 2, 3, 4, 6, 8)  # formula units, where nothing else is said
LARGEST_ATOMS = 24  # of these sizes
MOST_ATOMS = 200  # in a cell that is searched: beyond, no search of this kind finds anything
PER_UNIT = 50  # atoms in a formula unit


class Request(Section):
    """A search without a study."""

    formula: dict[str, int] = Field(description="species -> atoms per formula unit")
    pressure_GPa: float = Field(0.0, ge=-10, le=1000, description="pressure, GPa")
    formula_units: list[int] = Field([], max_length=20, description="formula units per cell, one after the other")
    engine: Literal["evolution", "random"] = "evolution"
    starts: Starts = Starts()
    adaptive_shares: bool = False
    seed: int = Field(1, ge=0, description="root of all random numbers")
    largest_deviation_eV_per_A: float | None = Field(
        1.0, gt=0, description="a structure about whose forces the members differ by more is no structure, eV/Å"
    )
    minutes: float | None = Field(None, gt=0, le=1e6, description="core-minutes of relaxations")
    relaxations: int | None = Field(None, ge=1, le=10_000_000, description="structures relaxed, over all cell sizes")
    workers: int = Field(1, ge=1, le=1024, description="processes")

    @model_validator(mode="after")
    def _sizes(self) -> "Request":
        per_unit = sum(self.formula.values())
        for size in self.formula_units:
            if size < 1 or size * per_unit > MOST_ATOMS:
                raise ValueError(f"formula_units: {size}: cells of 1 to {MOST_ATOMS} atoms can be searched")
        if len(set(self.formula_units)) != len(self.formula_units):
            raise ValueError("formula_units: a size occurs twice")
        if self.adaptive_shares and self.engine == "random":
            raise ValueError("adaptive_shares: random starts have no parents for whom their structures could be new")
        if self.minutes is None and self.relaxations is None:
            raise ValueError("say when the search ends: minutes, or relaxations")
        return self

    @property
    def symbols(self) -> str:
        """The formula as it is written: SiO2."""
        return "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in self.formula.items())

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Settings that nobody has to say, as plain data."""
        return cls.model_construct(formula={}).model_dump(mode="json", exclude={"formula"}, warnings=False)

    @property
    def what_decides(self) -> dict[str, Any]:
        """All that a result depends on; how long the search goes on and on how many processes is no part of it."""
        return self.model_dump(mode="json", exclude={"minutes", "relaxations", "workers"})


def request(formula: str, formula_units: Sequence[int] = (), **values: Any) -> Request:
    """A checked request; without sizes, those of ``SIZES`` up to 24 atoms.

    Raises:
        UserError: a value that makes no sense; the message names it.
    """
    counts = formula_unit(formula)
    per_unit = sum(counts.values())
    sizes = list(formula_units) or [n for n in SIZES if n * per_unit <= LARGEST_ATOMS] or [1]
    try:
        return Request(formula=counts, formula_units=sizes, **values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{where}: {first['input']!r}: {said}; give another value" if where else said) from None


def formula_unit(text: str) -> dict[str, int]:
    """Species and atoms of one formula unit: SiO2 and Si2O4 are both ``{"Si": 1, "O": 2}``; order as in the text.

    Raises:
        UserError: it is no formula.
    """
    from pymatgen.core import Composition

    plain = text.strip().translate(SUBSCRIPTS)
    advice = "write elements and whole numbers, for example SiO2 or Al2(SiO4)O"
    if not WRITTEN.fullmatch(plain):
        raise UserError(f"--formula {text!r}: is no chemical formula; {advice}")
    if re.search(r"(?<!\d)0+(?!\d)", plain):  # Si0O2 would be a search for oxygen
        raise UserError(f"--formula {text!r}: has an amount of 0; take out what isn't there; {advice}")
    try:
        amounts = {
            getattr(element, "name", element.symbol): float(amount) for element, amount in Composition(plain).items()
        }
    except Exception as error:  # pymatgen raises many kinds
        raise UserError(f"--formula {text!r}: is no chemical formula ({error}); {advice}") from None
    from ase.data import atomic_numbers

    strange = [symbol for symbol in amounts if symbol == "X" or symbol not in atomic_numbers]
    if strange or not amounts:
        raise UserError(f"--formula {text!r}: {', '.join(strange) or 'nothing'} is no chemical element; {advice}")
    if any(amount < 1 or amount != round(amount) for amount in amounts.values()):
        raise UserError(f"--formula {text!r}: amounts must be whole numbers of atoms; {advice}")
    common = gcd(*(round(amount) for amount in amounts.values()))
    counts = {symbol: round(amount) // common for symbol, amount in amounts.items()}
    if sum(counts.values()) > PER_UNIT:
        raise UserError(
            f"--formula {text!r}: has {sum(counts.values())} atoms in a formula unit; this search can't find crystals "
            f"of more than {PER_UNIT}"
        )
    return counts
