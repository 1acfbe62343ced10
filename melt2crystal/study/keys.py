"""What a setting may be, in words: read from the JSON schema of the study model.

Both the error messages and docs/reference/configuration.md speak through this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
NAMES = {"number": "a number", "integer": "a whole number", "string": "text", "boolean": "true or false"}
BOUNDS = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}


def resolved(node: Schema, root: Schema) -> Schema:
    """The node behind a ``$ref``; what stands beside the reference (description, default) wins."""
    if "$ref" in node:
        target = root["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def in_words(node: Schema, root: Schema) -> str:
    """Type and bounds of a schema node: 'a number > 0 and <= 15'."""
    node = resolved(node, root)
    if "discriminator" in node:
        tags = node["discriminator"]
        return f"a section whose {tags['propertyName']} is {' or '.join(tags['mapping'])}"
    if "const" in node:
        return str(node["const"])
    if "enum" in node:
        return " or ".join(map(str, node["enum"]))
    if "anyOf" in node:
        options = [in_words(option, root) for option in node["anyOf"] if option.get("type") != "null"]
        return " or ".join(options) + (" or null" if len(options) < len(node["anyOf"]) else "")
    kind = node.get("type")
    if kind == "array":
        return _list_in_words(node, root)
    if kind == "object":
        if "properties" in node:
            return f"a section with the keys {', '.join(node['properties'])}"
        inner = node.get("additionalProperties")
        return f"a table, name: {in_words(inner, root)}" if isinstance(inner, dict) else "a table, name: value"
    limits = " and ".join(f"{sign} {node[bound]:g}" for bound, sign in BOUNDS.items() if bound in node)
    words = NAMES.get(str(kind), "any plain value") + (f" {limits}" if limits else "")
    return words + (f" of the form {node['pattern']}" if "pattern" in node else "")


def _list_in_words(node: Schema, root: Schema) -> str:
    if "prefixItems" in node:
        each = dict.fromkeys(in_words(item, root) for item in node["prefixItems"])
        return f"a list of exactly {len(node['prefixItems'])}, each {' / '.join(each)}"
    least = f" of at least {node['minItems']}" if node.get("minItems") else ""
    return f"a list{least}, each {in_words(node.get('items', {}), root)}"


def allowed(node: Schema, root: Schema) -> str:
    """Type, bounds and, in brackets, the meaning of a field."""
    node = resolved(node, root)
    meaning = node.get("description", "")
    return in_words(node, root) + (f" ({meaning})" if meaning and "properties" not in node else "")


def follow(schema: Schema, location: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], Schema]:
    """The key path (without pydantic's union tags) and the deepest known node of a validation error's location."""
    node, path = resolved(schema, schema), []
    for step in location:
        if "discriminator" in node and step in node["discriminator"]["mapping"]:
            node = resolved({"$ref": node["discriminator"]["mapping"][step]}, schema)
            continue
        if step == "[key]" or (step == "str" and "anyOf" in node):
            continue
        named = [option for option in node.get("anyOf", []) if option.get("$ref", "").endswith(f"/{step}")]
        if named:  # a section where a text may stand, too
            node = resolved(named[0], schema)
            continue
        path.append(step)
        node = resolved(_child(node, step), schema)
    return tuple(path), node


def _child(node: Schema, step: str | int) -> Schema:
    options = [node, *node.get("anyOf", [])]
    for option in options:
        if isinstance(step, int):
            if "prefixItems" in option and step < len(option["prefixItems"]):
                return option["prefixItems"][step]
            if "items" in option:
                return option["items"]
        elif step in option.get("properties", {}):
            return option["properties"][step]
        elif isinstance(option.get("additionalProperties"), dict):
            return option["additionalProperties"]
    return {}


def keys_of(node: Schema) -> list[str]:
    """Keys a section node knows."""
    return list(node.get("properties", {}))


def every_key(schema: Schema, node: Schema | None = None, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of all keys of all sections (lists and free tables are not entered)."""
    node = resolved(schema if node is None else node, schema)
    for option in [node, *(node.get("oneOf") or [])]:
        for key, child in resolved(option, schema).get("properties", {}).items():
            yield (*prefix, key)
            yield from every_key(schema, child, (*prefix, key))
