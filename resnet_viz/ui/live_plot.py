"""How does a figure change without flicker? Plotly.react on one node: the reader's zoom stays."""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st

from resnet_viz.place import provide_plotly
from resnet_viz.ui.services import freeze_imports

_SCRIPT = """
let library;
function loadPlotly(file) {
  return library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("app/static/" + file, document.baseURI);
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
}
export default async function ({ data, parentElement }) {
  const node = parentElement.querySelector(".live-plot");
  const figure = JSON.parse(data.figure);
  const style = getComputedStyle(parentElement);
  figure.layout.font = { color: style.getPropertyValue("--st-text-color"), family: style.fontFamily, size: 13 };
  figure.layout.template = undefined;
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", data.alt);
  node.style.minHeight = figure.layout.height + "px";
  const Plotly = await loadPlotly(data.library);
  parentElement.querySelector(".live-plot-wait")?.remove();
  Plotly.react(node, figure.data, figure.layout, { responsive: true, displaylogo: false });
}
"""

_HTML = '<p class="live-plot-wait" style="opacity:0.7">Drawing…</p><div class="live-plot" style="width:100%"></div>'

_component = st.components.v2.component("live_plot", html=_HTML, js=_SCRIPT, isolate_styles=False)


def live_plot(drawn: str, key: str, alt: str) -> None:
    """Show a figure that will change: call again with the same key, and the same node takes the new data.

    `drawn` comes from `draw_once`; `alt` says in words what the figure shows. For a figure that is finished,
    st.plotly_chart will do.
    """
    _component(key=key, data={"figure": drawn, "library": _provide_plotly(), "alt": alt})


@st.cache_data(max_entries=100, show_spinner=False)
def draw_once(_make: Callable[[], Sequence[go.Figure]], view: str, state: str) -> list[str]:
    """Figures as JSON, made once for all sessions that look at the same `state`: a class of 50 costs as one reader.

    A reader's zoom stays as long as `view` is the same.
    """
    return [figure.update_layout(uirevision=view).to_json() for figure in _make()]


@st.cache_resource
def _provide_plotly() -> str:
    name = provide_plotly()
    freeze_imports()  # by now a figure was made, and with it all of plotly
    return name
