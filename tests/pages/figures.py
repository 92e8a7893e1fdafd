"""What figures does a page show? Read from what it sends to the browser."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def figures(page: AppTest) -> dict[str, dict[str, Any]]:
    """The figures of a page by their keys, each as plotly's JSON with what is said of it under "alt"."""
    found = {}
    for element in page.get("bidi_component"):
        if element.proto.component_name == "figure":
            sent = json.loads(element.proto.json)
            found[element.proto.id.split("-", 2)[-1]] = json.loads(sent["figure"]) | {"alt": sent["alt"]}
    return found
