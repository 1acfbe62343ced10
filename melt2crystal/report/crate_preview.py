"""The page ro-crate-preview.html of an exported study, in which names stay text."""

from pathlib import Path
from typing import Any

import rocrate.model.preview as library
from jinja2 import Environment

TEMPLATE = Path(library.__file__).parent.parent / "templates" / "preview_template.html.j2"


class EscapedPreview(library.Preview):
    """The library's page. The library itself (ro-crate-py 0.15) pastes names into it without escaping them."""

    def generate_html(self) -> str:
        """The page, from the library's template."""
        template = Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))
        return template.render(
            crate=self.crate,
            data=[entity.as_jsonld() for entity in self.crate.data_entities],
            context=[entity.as_jsonld() for entity in self.crate.contextual_entities],
            stringify=in_words,
            is_object_list=lambda value: isinstance(value, list),
        )


def in_words(value: Any) -> str:
    """Text of a property: a list joined by commas, an entity by its name."""
    if isinstance(value, list):
        return ", ".join(map(in_words, value))
    return value if isinstance(value, str) else str(value.get("name") or value.id)
