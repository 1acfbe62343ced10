"""What every part of the summary has in common."""

from typing import Any, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of all parts: unknown keys are errors, NaN and infinity are not allowed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


AnyPart = TypeVar("AnyPart", bound=Part)


def number(value: Any) -> float | None:
    """A finite number, or None (JSON knows no NaN)."""
    value = float(value) if value is not None else np.nan
    return value if np.isfinite(value) else None


def each_row(kind: type[AnyPart], table: pd.DataFrame, **columns: str) -> list[AnyPart]:
    """One part for each row; what isn't there or isn't finite is None.

    Args:
        columns: field -> column, where they have different names.
    """
    table = table.rename(columns={column: field for field, column in columns.items()})
    table = table[[field for field in kind.model_fields if field in table]]
    known = table.notna() & ~table.isin([np.inf, -np.inf])
    return [kind(**row) for row in table.astype(object).where(known, None).to_dict("records")]
