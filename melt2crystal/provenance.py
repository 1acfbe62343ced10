"""What a result says of its origin: study, reference, settings digest, commit, version. Written into figure files.

The commit and the settings digest are looked up when a file is written; neither is an input or a parameter of a job.
So a commit reruns nothing, and a figure tells the commit that drew it, which may be older than the newest one.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.sax.saxutils import unescape

from melt2crystal.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
DIGEST_VARIABLE = "MELT2CRYSTAL_SETTINGS_DIGEST"  # set by rules/functions_evaluation.smk for every job
UNKNOWN = "unknown"
PNG_PREFIX = "melt2crystal:"
IN_SVG = re.compile(r"<dc:description>(.*?)</dc:description>", re.DOTALL)
IN_PDF = re.compile(rb"/Keywords \(((?:\\.|[^\\()])*)\)", re.DOTALL)


@dataclass(frozen=True)
class Origin:
    """Where a file comes from.

    Attributes:
        study, reference: names, as in the small print of a figure.
        settings_digest: SHA-256 of the study's settings, as in ``summary.json``; "unknown" outside the workflow.
        commit: of the repository, 40 hexadecimal digits; with "-dirty" if a tracked file was changed since,
            "unknown" without git.
        version: of melt2crystal.
    """

    study: str
    reference: str
    settings_digest: str
    commit: str
    version: str


def origin_now(study: str, reference: str) -> Origin:
    """The origin of a file that is written now."""
    return Origin(study, reference, os.environ.get(DIGEST_VARIABLE, UNKNOWN), commit_of(ROOT), version_of_code())


def version_of_code() -> str:
    """Version of the package that runs (its ``__init__`` stays no input of any job: a new number redraws nothing)."""
    return str(getattr(sys.modules[__package__], "__version__", UNKNOWN))


def commit_of(root: Path) -> str:
    """Commit of the repository ``root``, "-dirty" behind it if tracked files differ; "unknown" if it is none."""
    top = _git(root, "rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != root.resolve():  # unpacked inside another repository
        return UNKNOWN
    commit = _git(root, "rev-parse", "HEAD")
    if not commit:
        return UNKNOWN
    return f"{commit}-dirty" if _git(root, "status", "--porcelain", "--untracked-files=no") else commit


def _git(root: Path, *arguments: str) -> str:
    """What git prints; empty if there is no git, no repository, or one that git doesn't trust."""
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            env=surroundings,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def png_chunks(origin: Origin) -> dict[str, str]:
    """Text chunks of a PNG."""
    return {f"{PNG_PREFIX}{name}": value for name, value in asdict(origin).items()}


def as_json(origin: Origin) -> str:
    """ASCII, sorted: /Keywords of a PDF, dc:description of an SVG."""
    return json.dumps(asdict(origin), sort_keys=True)


def read_origin(path: Path) -> Origin:
    """What a figure file (PNG, PDF, SVG) says of itself.

    Raises:
        UserError: it is no such file, or says nothing.
    """
    try:
        found = {".pdf": _of_pdf, ".svg": _of_svg}.get(path.suffix.lower(), _of_png)(path)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except OSError as error:
        raise UserError(f"{path}: no PNG, PDF or SVG ({error}); name a figure file") from None
    if not found:
        raise UserError(f"{path}: says nothing of its origin; it wasn't drawn by this workflow, or by an older version")
    return Origin(**{name: str(found.get(name, UNKNOWN)) for name in Origin.__dataclass_fields__})


def _of_png(path: Path) -> dict[str, str]:
    from PIL import Image

    with Image.open(path) as image:
        chunks = getattr(image, "text", {})
    return {name.removeprefix(PNG_PREFIX): text for name, text in chunks.items() if name.startswith(PNG_PREFIX)}


def _of_pdf(path: Path) -> dict[str, str]:
    match = IN_PDF.search(path.read_bytes())
    return _of_json(re.sub(rb"\\(.)", rb"\1", match.group(1))) if match else {}


def _of_svg(path: Path) -> dict[str, str]:
    match = IN_SVG.search(path.read_text(encoding="utf-8", errors="replace"))
    return _of_json(unescape(match.group(1), {"&quot;": '"'})) if match else {}


def _of_json(text: str | bytes) -> dict[str, str]:
    """Empty if these are somebody else's keywords."""
    try:
        given = json.loads(text)
    except ValueError:
        return {}
    return given if isinstance(given, dict) and "settings_digest" in given else {}
