"""A finished study as an RO-Crate: one zip whose metadata says what each file is and how they hang together.

RO-Crate 1.1 (https://w3id.org/ro/crate/1.1), profile Workflow Run Crate 0.5 (https://w3id.org/ro/wfrun/workflow/0.5):
the workflow is the main entity, one action says that it made these results from these inputs. Written with ro-crate-py.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from melt2crystal.files import complete, digest_of_file
from melt2crystal.provenance import Origin

if TYPE_CHECKING:
    from rocrate.model.entity import Entity
    from rocrate.rocrate import ROCrate

VERSION = "1.1"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"  # defines sha256
WORKFLOW = "workflow/Snakefile"
CHECKSUMS = "checksums.sha256"
LICENCES = "https://spdx.org/licenses/"
KINDS = {
    ".pb": "application/octet-stream",
    ".pt": "application/octet-stream",
    ".extxyz": "chemical/x-xyz",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".mmd": "text/plain",
    ".smk": "text/plain",
    ".lmp": "text/plain",
    ".cif": "chemical/x-cif",
}


@dataclass(frozen=True)
class Part:
    """One file of the crate.

    Attributes:
        source: on this machine.
        place: in the crate, with forward slashes.
        name: what it is, in a few words.
        role: "input" or "result" of the run, "workflow" for the code.
        parameter: name of the workflow's input or output it is an example of; empty for none.
    """

    source: Path
    place: str
    name: str
    role: str
    parameter: str = ""


@dataclass(frozen=True)
class Run:
    """What the crate says of the study as a whole.

    Attributes:
        begin, end: ISO 8601, of the first and last job; empty if not known.
        programs: name -> version.
        citation: parsed CITATION.cff.
        published: ISO 8601 date of the export.
    """

    origin: Origin
    substance: str
    begin: str
    end: str
    programs: Mapping[str, str]
    citation: Mapping[str, Any]
    published: str


def write_crate(path: Path, parts: Sequence[Part], run: Run) -> None:
    """Write the zip, complete or absent.

    Args:
        parts: all files; one of them is ``workflow/Snakefile``.
    """
    from rocrate.rocrate import ROCrate

    from melt2crystal.report.crate_preview import EscapedPreview

    crate = ROCrate(version=VERSION)
    crate.preview = EscapedPreview(crate)
    crate.add(crate.preview)
    crate.metadata.extra_contexts.append(TERMS)
    workflow, action = _workflow(crate, parts, run), _action(crate, run)
    _describe_root(crate, run, action)
    parameters: dict[str, Entity] = {}
    for part in parts:
        entity = workflow if part.place == WORKFLOW else _file(crate, part)
        if part.role != "workflow":
            action.append_to("object" if part.role == "input" else "result", entity)
        if part.parameter:
            parameter = _parameter(crate, workflow, part, parameters)
            parameter.append_to("workExample", entity)
            entity.append_to("exampleOfWork", parameter)
    lines = "".join(map(_checksum_line, parts))
    about = {"name": "SHA-256 of every file: sha256sum --check checksums.sha256", "encodingFormat": "text/plain"}
    crate.add_file(BytesIO(lines.encode()), CHECKSUMS, properties=about)
    with complete(path) as beside:
        crate.write_zip(beside)


def _checksum_line(part: Part) -> str:
    """As sha256sum writes and reads it: a backslash before the line says that the name holds escapes."""
    name = part.place.replace("\\", r"\\").replace("\n", r"\n").replace("\r", r"\r")
    mark = "" if name == part.place else "\\"
    return f"{mark}{digest_of_file(part.source)}  {name}\n"


def _file(crate: ROCrate, part: Part) -> Entity:
    return crate.add_file(str(part.source), part.place, properties=_properties(part))


def _properties(part: Part) -> dict[str, Any]:
    kind = KINDS.get(part.source.suffix) or mimetypes.guess_type(part.source.name)[0] or "text/plain"
    return {
        "name": part.name,
        "encodingFormat": kind,
        "contentSize": str(part.source.stat().st_size),
        "sha256": digest_of_file(part.source),
    }


def _workflow(crate: ROCrate, parts: Sequence[Part], run: Run) -> Entity:
    source = next(part for part in parts if part.place == WORKFLOW)
    told = _properties(source) | {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "melt2crystal",
        "description": str(run.citation.get("title", "")),
        "version": run.origin.version,
        "license": {"@id": f"{LICENCES}{run.citation.get('license', 'MIT')}"},
    }
    workflow = crate.add_workflow(
        str(source.source),
        WORKFLOW,
        main=True,
        lang="snakemake",
        lang_version=run.programs.get("snakemake"),
        properties=told,
    )
    workflow["identifier"] = _value(crate, "#commit", "git commit", run.origin.commit)
    workflow["creator"] = _authors(crate, run.citation.get("authors", []))
    for name, version in run.programs.items():
        told = {"@type": "SoftwareApplication", "name": name, "softwareVersion": version, "version": version}
        workflow.append_to("softwareRequirements", _context(crate, f"#program-{name.replace(' ', '-')}", told))
    return workflow


def _action(crate: ROCrate, run: Run) -> Entity:
    told: dict[str, Any] = {
        "@type": "CreateAction",
        "name": f"Run of the study {run.origin.study}",
        "instrument": {"@id": WORKFLOW},
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "description": f"Reference: {run.origin.reference}. The times are those of the first and the last job.",
    }
    told |= {key: time for key, time in (("startTime", run.begin), ("endTime", run.end)) if time}
    return _context(crate, "#run", told)


def _describe_root(crate: ROCrate, run: Run, action: Entity) -> None:
    root, origin = crate.root_dataset, run.origin
    licence = str(run.citation.get("license", "MIT"))
    root["name"] = f"melt2crystal, study {origin.study}: {run.substance}, reference {origin.reference}"
    root["description"] = (
        f"Potentials, labels, figures, tables, configuration and code of the study {origin.study}. All labels and "
        f"errors are of the reference {origin.reference}. Settings digest {origin.settings_digest}, "
        f"commit {origin.commit}."
    )
    root["datePublished"] = run.published
    root["license"] = _context(
        crate,
        f"{LICENCES}{licence}",
        {"@type": "CreativeWork", "name": f"{licence} licence", "description": "text: workflow/LICENSE"},
    )
    root["author"] = _authors(crate, run.citation.get("authors", []))
    root["identifier"] = _value(crate, "#settings-digest", "settings digest of the study", origin.settings_digest)
    root["mentions"] = action
    for number, (address, (name, version)) in enumerate(PROFILES.items()):
        profile = _context(crate, address, {"@type": "CreativeWork", "name": name, "version": version})
        root["conformsTo"] = profile if number == 0 else [*_as_list(root["conformsTo"]), profile]
    for article in run.citation.get("references", []):
        if "doi" in article:
            told = {
                "@type": "ScholarlyArticle",
                "name": article["title"],
                "author": _authors(crate, article["authors"]),
            }
            told["datePublished"] = str(article.get("year", ""))
            root.append_to("citation", _context(crate, f"https://doi.org/{article['doi']}", told))


def _authors(crate: ROCrate, authors: Sequence[Mapping[str, str]]) -> list[Entity]:
    """Persons, or organisations where CITATION.cff has only a name."""
    found = []
    for author in authors:
        if "family-names" in author:
            name = f"{author.get('given-names', '')} {author['family-names']}".strip()
            told = {"@type": "Person", "name": name, "familyName": author["family-names"]}
            told |= {"givenName": author["given-names"]} if "given-names" in author else {}
        else:
            name = author.get("name", "unknown")
            told = {"@type": "Organization", "name": name}
        found.append(_context(crate, author.get("orcid", "#" + name.replace(" ", "-").replace(".", "")), told))
    return found


def _parameter(crate: ROCrate, workflow: Entity, part: Part, known: dict[str, Entity]) -> Entity:
    """The workflow's input or output that a file is an example of."""
    if part.parameter not in known:
        told = {"@type": "FormalParameter", "name": part.parameter, "additionalType": "File", "valueRequired": "True"}
        entity = _context(crate, f"#parameter-{part.parameter.replace(' ', '-')}", told)
        entity["conformsTo"] = {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"}
        workflow.append_to("input" if part.role == "input" else "output", entity)
        known[part.parameter] = entity
    return known[part.parameter]


def _value(crate: ROCrate, identifier: str, name: str, value: str) -> Entity:
    return _context(crate, identifier, {"@type": "PropertyValue", "name": name, "value": value})


def _context(crate: ROCrate, identifier: str, properties: dict[str, Any]) -> Entity:
    from rocrate.model.contextentity import ContextEntity

    return crate.get(identifier) or crate.add(ContextEntity(crate, identifier, properties=properties))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
