"""Every finished candidate is written at once, so that a killed search continues where it was."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from melt2crystal.files import digest_of_file
from melt2crystal.settings import to_text


class Journal:
    """Append-only file of finished results, one JSON line each, keyed by what made them.

    Args:
        folder: where journals lie, beside the outputs.
        key: digest of everything a result depends on; another key is another file, so stale results are never reused.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.path = Path(folder) / f"{key[:16]}.jsonl"

    def read(self) -> dict[str, dict[str, Any]]:
        """Name -> result; a last line that a kill cut short is left out, and removed so that appending stays sound."""
        if not self.path.exists():
            return {}
        content = self.path.read_bytes()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            with open(self.path, "r+b") as handle:
                handle.truncate(end)
        results = {}
        for line in content[:end].splitlines():
            entry = json.loads(line)
            results[entry["name"]] = entry["result"]
        return results

    def append(self, name: str, result: dict[str, Any]) -> None:
        """Write one result and wait until it is on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab") as handle:
            handle.write((json.dumps({"name": name, "result": result}, sort_keys=True) + "\n").encode())
            handle.flush()
            os.fsync(handle.fileno())


def key_of(settings: dict[str, Any], files: Iterable[Path]) -> str:
    """Digest of settings and of the content of files (models, crystals, the code that makes a candidate)."""
    digests = [digest_of_file(path) for path in files]
    return hashlib.sha256(to_text({"settings": settings, "files": digests}).encode()).hexdigest()
