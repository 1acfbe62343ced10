"""Files that are complete or absent: write beside, then rename; and journals, which grow by whole lines."""

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def complete(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder (same suffix) and rename it to ``path`` when the block succeeds."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file, complete or absent."""
    with complete(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV table, complete or absent, as pandas writes it (NaN is an empty cell).

    For jobs that need no more of pandas than this: importing it costs as much as all else they do.
    """
    with complete(path) as beside, open(beside, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value != value else value for value in row] for row in rows)


def write_csv(path: Path, table: "pd.DataFrame", digits: str | None = None) -> None:
    """Write a table of pandas as CSV without its index, complete or absent; ``digits`` is the format of floats."""
    with complete(path) as beside:
        table.to_csv(beside, index=False, float_format=digits)


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's content, hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def append_line(path: Path, line: str) -> None:
    """Append a line to a journal and wait until it is on the disk; one that was cut off before it is ended first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as handle:
        if handle.tell() and not _ends_with_newline(path):
            handle.write(b"\n")  # a kill or a full disk cut the last line off
        handle.write(f"{line}\n".encode())
        handle.flush()
        os.fsync(handle.fileno())


def _ends_with_newline(path: Path) -> bool:
    with open(path, "rb") as handle:
        handle.seek(-1, os.SEEK_END)
        return handle.read(1) == b"\n"


def read_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The JSON objects of a journal, one a line, and how many lines hold none (cut off, or being written just now).

    A journal that does not exist yet has no lines.
    """
    return lines_from(path, 0)[:2] if path.exists() else ([], 0)


def lines_from(path: Path, start: int) -> tuple[list[dict[str, Any]], int, int]:
    """What ``read_lines`` reads, from a byte on; and the byte after the last whole line, to go on from."""
    with open(path, "rb") as handle:
        handle.seek(start)
        content = handle.read()
    found, broken = [], 0
    for line in content.decode("utf-8", errors="replace").split("\n"):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        if isinstance(values, dict):
            found.append(values)
        else:
            broken += 1
    return found, broken, start + content.rfind(b"\n") + 1
