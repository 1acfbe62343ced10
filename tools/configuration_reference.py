"""Write docs/reference/configuration.md from the pydantic models, or check that it is up to date."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic import TypeAdapter

from melt2crystal import markdown
from melt2crystal.errors import reports_errors
from melt2crystal.provenance import ROOT
from melt2crystal.sections.reference import VaspReference
from melt2crystal.settings import Section
from melt2crystal.study.keys import Schema, in_words, resolved
from melt2crystal.study.model import Study
from tools.command_reference import write_or_check
from tools.rebuild.keys import Key, every_key, sections_of

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
* Values that versions of YAML read differently (`010`, `1:30`, `1_000`, `yes`, `n`, dates) are refused: write `10`,
  `true`, `false`, or quotes around text. Anchors (`&`, `*`) and merges (`<<`) work.
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
    keys: dict[str, list[Key]] = {name: [] for name in Study.model_fields}
    for key in every_key():
        keys[key.path[0]].append(key)
    plain = [name for name, field in Study.model_fields.items() if not sections_of(field.annotation)]
    pages = [INTRODUCTION, "## Top level\n", _table([key for name in plain for key in keys.pop(name)], defaults)]
    for name, own in keys.items():
        pages.append(f"## {name}\n\n{_sentence(schema['properties'][name], schema)}\n")
        pages += _engines(own) if name == "reference" else [_table(own, defaults)]
    return "\n".join(pages).rstrip() + "\n"


def _engines(keys: list[Key]) -> Iterator[str]:
    default = VaspReference().engine
    yield f"The `engine` chooses the other keys: {', '.join(ENGINES)}. A study without `reference` uses {default}.\n"
    for name, model in ENGINES.items():
        schema = model.model_json_schema()
        needed = {key: None for key in schema.get("required", [])}
        defaults = {**model.model_construct().model_dump(mode="json", warnings=False), **needed}
        yield f"### engine: {name}\n\n{schema['description']}\n"
        engine = Key(("reference", "engine"), name, model.model_fields["engine"])
        yield _table([engine, *(key for key in keys if key.engine == name)], {"reference": defaults})


def _sentence(node: Schema, schema: Schema) -> str:
    text = resolved(node, schema).get("description", "")
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _row(key: Key, defaults: Any) -> Cells:
    annotation: Any = Annotated[key.field.annotation, key.field]
    node = TypeAdapter(annotation).json_schema()
    kinds = [f" *({kind})*" for kind in ("amount", "place", "caption") if node.get(kind)]
    meaning = resolved(node, node).get("description", "") + "".join(kinds)
    cells = [f"`{key.name}`", _words(node), _default(key.path, node, defaults), meaning]
    return [cell.replace("|", "\\|") for cell in cells]


def _words(node: Schema) -> str:
    inner = resolved(node.get("items") or node.get("additionalProperties") or {}, node)
    if "properties" in inner:
        return "a list of sections" if "items" in node else "a table, name: section"
    return in_words(node, node)


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


def _table(keys: Iterable[Key], defaults: Any) -> str:
    return markdown.table(("key", "allowed", "default", "meaning"), [_row(key, defaults) for key in keys]) + "\n"


@reports_errors
def configuration_reference(
    out: Annotated[Path, typer.Option(help="Markdown file")] = ROOT / "docs" / "reference" / "configuration.md",
    check: Annotated[bool, typer.Option(help="write nothing; fail if the file differs")] = False,
) -> None:
    """Write docs/reference/configuration.md from the pydantic models, or check that it is up to date."""
    write_or_check(out, reference(), check, "the models")


if __name__ == "__main__":
    typer.run(configuration_reference)
