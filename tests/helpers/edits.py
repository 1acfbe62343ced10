"""Edits of a checkout: a key of the ci study, the text of a file."""

import json

import yaml

STUDY = "config/studies/ci.yaml"


def change(checkout, path, value):
    """Set one key (dotted) of the ci study."""
    file = checkout.folder / STUDY
    study = json.loads(json.dumps(yaml.safe_load(file.read_text())))  # anchors would share what is edited
    *parents, last = path.split(".")
    section = study
    for name in parents:
        section = section.setdefault(name, {})
    section[last] = value
    file.write_text(yaml.safe_dump(study, sort_keys=True))


def grown(checkout, path, *more):
    """Append to a list of the ci study."""
    value = yaml.safe_load((checkout.folder / STUDY).read_text())
    for name in path.split("."):
        value = value[name]
    change(checkout, path, [*value, *more])


def append(checkout, name, text="\n# a comment\n"):
    with open(checkout.folder / name, "a") as handle:
        handle.write(text)


def edit(checkout, name, old, new):
    """Replace text in a file of the checkout."""
    text = (checkout.folder / name).read_text()
    assert old in text, f"{name} has changed: mend this test"
    (checkout.folder / name).write_text(text.replace(old, new, 1))
