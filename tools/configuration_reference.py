"""Write docs/reference/configuration.md from the pydantic models, or check that it is up to date."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from melt2crystal import markdown
from melt2crystal.errors import UserError, speaks
from melt2crystal.files import write_text
from melt2crystal.provenance import ROOT
from melt2crystal.sections.reference import VaspReference
from melt2crystal.settings import Section
from melt2crystal.study.mistakes import dotted
from melt2crystal.study.model import Study
from melt2crystal.study.words import Schema, in_words, resolved

Cells = list[str]  # of one row
ENGINES: dict[str, type[Section]] = {
    model.model_fields["engine"].default: model for model in get_args(Study.model_fields["reference"].annotation)
}
INTRODUCTION = """# Configuration

*Written by `tools/configuration_reference.py` (`make docs`) from the models in `melt2crystal/sections/`: edit those.*

A **study** is one file in `config/studies/`; `config/config.yaml` names the one that runs and the folder for results
(`results/<study>/`). What a study leaves out has the default given here: Table 1 of the paper.

* Another study: `snakemake --cores 2 --config study=ci`, or `snakemake --configfile config/studies/ci.yaml`, or change
  `config/config.yaml`. `study` may also be a path.
* One's own: copy `config/studies/laptop.yaml` to `config/studies/mine.yaml`, change `name` to `mine` and what else is
  to differ. Or say only what differs: a study with `extends: laptop` takes the rest from there. Sections are merged key
  by key; lists and tables with free names (`formula`, `minimum_distances_A`, `polymorphs`, `arguments`) are replaced
  whole, and so is `reference` when the engine changes.
* A single value for one run: `--config seed=3`, `--config 'train={loop: {steps: 500}}'`.
* Mistakes end the run before anything is planned, all at once, one line each: file and line, key, what is wrong, what
  is allowed.

Units are in the names. *Amounts* (marked so) only say how many jobs there are: growing one adds jobs and repeats none.
*Places* say how something is called on this machine, *captions* how people call it: changing a place reruns nothing,
a caption only what shows it.
Relative paths start at the repository root.
"""


def reference() -> str:
    """The whole page."""
    schema = Study.model_json_schema()
    defaults = Study(name="study").model_dump(mode="json")
    plain = [key for key in schema["properties"] if not _is_section(schema["properties"][key], schema)]
    pages = [
        INTRODUCTION,
        "## Top level\n",
        _table([_row((key,), schema["properties"][key], schema, defaults) for key in plain]),
    ]
    for key, node in schema["properties"].items():
        if key in plain:
            continue
        pages.append(f"## {key}\n\n{_sentence(node, schema)}\n")
        if key == "reference":
            pages += _engines()
        else:
            pages.append(_table(_rows((key,), node, schema, defaults)))
    return "\n".join(pages).rstrip() + "\n"


def _engines() -> Iterator[str]:
    default = VaspReference().engine
    yield f"The `engine` chooses the other keys: {', '.join(ENGINES)}. A study without `reference` uses {default}.\n"
    for name, model in ENGINES.items():
        schema = model.model_json_schema()
        needed = {key: None for key in schema.get("required", [])}
        defaults = {**model.model_construct().model_dump(mode="json", warnings=False), **needed}
        yield f"### engine: {name}\n\n{schema['description']}\n"
        of_engine = {"reference": defaults}
        children = schema["properties"].items()
        rows = [row for key, node in children for row in _rows(("reference", key), node, schema, of_engine)]
        yield _table(rows)


def _is_section(node: Schema, schema: Schema) -> bool:
    node = resolved(node, schema)
    items = resolved(node.get("items", {}), schema)
    return "properties" in node or "discriminator" in node or "properties" in items


def _sentence(node: Schema, schema: Schema) -> str:
    text = resolved(node, schema).get("description", "")
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _rows(path: tuple[str, ...], node: Schema, schema: Schema, defaults: Any) -> Iterator[Cells]:
    """Rows of a section, nested ones and the elements of lists and tables of sections included."""
    node = resolved(node, schema)
    inner = resolved(node.get("items") or node.get("additionalProperties") or {}, schema)
    if "properties" in node:
        for key, child in node["properties"].items():
            yield from _rows((*path, key), child, schema, defaults)
        return
    yield _row(path, node, schema, defaults)
    if "properties" in inner:
        element = f"{path[-1]}[]" if "items" in node else f"{path[-1]}.<name>"
        for key, child in inner["properties"].items():
            yield _row((*path[:-1], element, key), child, schema, defaults)


def _row(path: tuple[str, ...], node: Schema, schema: Schema, defaults: Any) -> Cells:
    kinds = [f" *({kind})*" for kind in ("amount", "place", "caption") if node.get(kind)]
    meaning = resolved(node, schema).get("description", "") + "".join(kinds)
    cells = [f"`{dotted(path)}`", _words(node, schema), _default(path, node, defaults), meaning]
    return [cell.replace("|", "\\|") for cell in cells]


def _words(node: Schema, schema: Schema) -> str:
    node = resolved(node, schema)
    inner = resolved(node.get("items") or node.get("additionalProperties") or {}, schema)
    if "properties" in inner:
        return "a list of sections" if "items" in node else "a table, name: section"
    return in_words(node, schema)


def _default(path: tuple[str, ...], node: Schema, defaults: Any) -> str:
    value = defaults
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return f"`{_compact(node['default'])}`" if "default" in node else "*required*"
        value = value[key]
    if path == ("name",) or (value is None and "default" not in node):
        return "*required*"
    if isinstance(value, dict) and value and all(isinstance(item, dict) for item in value.values()):
        return ", ".join(value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "; ".join(f"`{_compact(row)}`" for row in value)
    return f"`{_compact(value)}`"


def _compact(value: Any) -> str:
    """YAML of one value on one line."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_compact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_compact, value)) + "]"
    return str(value)


def _table(rows: Iterable[Cells]) -> str:
    return markdown.table(("key", "allowed", "default", "meaning"), rows) + "\n"


@speaks
def configuration_reference(
    out: Annotated[Path, typer.Option(help="Markdown file")] = ROOT / "docs" / "reference" / "configuration.md",
    check: Annotated[bool, typer.Option(help="write nothing; fail if the file differs")] = False,
) -> None:
    """Write docs/reference/configuration.md from the pydantic models, or check that it is up to date."""
    text = reference()
    if not check:
        write_text(out, text)
    elif not out.is_file() or out.read_text(encoding="utf-8") != text:
        raise UserError(f"{out}: differs from the models; run 'make docs' and commit the result")


if __name__ == "__main__":
    typer.run(configuration_reference)
