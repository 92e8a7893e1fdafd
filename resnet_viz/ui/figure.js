// Draws a figure with Plotly on one node, and lets a reader take it away. figures.py tells it what.

let library;
function loadPlotly(file) {
  return library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = libraryUrl(file);
    script.onload = () => resolve(window.Plotly);
    script.onerror = (error) => {
      library = undefined; // the next figure tries again
      reject(error);
    };
    document.head.append(script);
  });
}
const libraryUrl = (file) => new URL("app/static/" + file, document.baseURI);

function dress(layout, parent) {
  const style = getComputedStyle(parent);
  const [text, ground] = ["--st-text-color", "--st-background-color"].map((name) => style.getPropertyValue(name));
  const hoverlabel = { bgcolor: ground, bordercolor: text, font: { color: text } };
  const modebar = { bgcolor: "rgba(0,0,0,0)", color: text, activecolor: style.getPropertyValue("--st-primary-color") };
  return { ...layout, font: { ...layout.font, color: text, family: style.fontFamily, size: 13 }, hoverlabel, modebar };
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

// What is seen, on the ground that it is seen on, with a line that says what it shows.
function standing(node, parent, words) {
  const ground = getComputedStyle(parent).getPropertyValue("--st-background-color");
  const layout = structuredClone(node.layout);
  const most = Math.max(20, Math.floor(node.clientWidth / 7.5)); // characters of a line
  const lines = words.match(new RegExp(`.{1,${most}}(\\s|$)|.{1,${most}}`, "g")) ?? [words];
  const room = 10 + 18 * lines.length;
  const above = Math.ceil(node._fullLayout._size.t); // with what a legend of several rows has pushed down
  const place = { xref: "paper", yref: "paper", x: 0, y: 1, xanchor: "left", yanchor: "bottom", yshift: above + 4 };
  const look = { align: "left", showarrow: false, font: { size: 13 } };
  const annotations = [...(layout.annotations ?? []), { text: lines.map(escaped).join("<br>"), ...place, ...look }];
  const margin = { ...layout.margin, t: above + room };
  const height = node.clientHeight + room;
  return { data: node.data, layout: { ...layout, annotations, margin, height, paper_bgcolor: ground } };
}

async function take(format, { node, parentElement, data }) {
  const Plotly = await loadPlotly(data.library);
  const figure = standing(node, parentElement, data.alt);
  if (format !== "html") {
    const size = { width: node.clientWidth, height: figure.layout.height, scale: format === "png" ? 2 : 1 };
    return Plotly.downloadImage(figure, { format, filename: data.name, ...size });
  }
  const source = (await (await fetch(libraryUrl(data.library))).text()).replaceAll("</script", "<\\/script");
  const json = JSON.stringify(figure).replaceAll("<", "\\u003c");
  const config = "{ responsive: true, displaylogo: false, showSendToCloud: false }";
  save(data.name + ".html", "text/html",
    `<!doctype html><meta charset="utf-8"><title>${escaped(data.alt)}</title>` +
    `<body style="background:${figure.layout.paper_bgcolor}"><div id="figure"></div>` +
    `<script>${source}</script>` +
    `<script>const f = ${json}; Plotly.newPlot("figure", f.data, f.layout, ${config})</script>`);
}

// The page changes between light and dark without a word to its parts. Outside of the function below, for what is
// returned there is kept until the end, with all that it can see. What this returns is to be called at the end.
function follow(node, parent, name) {
  const watch = new MutationObserver(() => window.Plotly.relayout(node, dress(node.layout, parent)));
  watch.observe(parent, { attributes: true, attributeFilter: ["style", "class"] });
  return () => {
    if (node.isConnected) return; // also called for a figure that was not there yet when the next one came
    watch.disconnect();
    delete node.end;
    keep(node, name);
  };
}

// Nodes that were taken away, by name, the latest last: one that comes back is as the reader left it, with its zoom.
// Streamlit can take a live figure away for a moment: when a part of a page runs again before the end of a run of the
// whole page was sent, that part is left out of what is sent, and the whole then counts as complete without it.
const kept = new Map();
const MOST_KEPT = 8;

function keep(node, name) {
  if (node.querySelector("canvas")) return window.Plotly.purge(node); // a browser has few graphics contexts
  kept.delete(name);
  kept.set(name, node);
  if (kept.size > MOST_KEPT) {
    const [first, oldest] = kept.entries().next().value;
    kept.delete(first);
    window.Plotly.purge(oldest);
  }
}

function nodeOf(parent, name) {
  const node = parent.querySelector(".figure");
  if (node.data || !kept.has(name)) return node;
  const before = kept.get(name);
  kept.delete(name);
  node.replaceWith(before);
  return before;
}

export default async function ({ data, parentElement, setTriggerValue }) {
  const node = nodeOf(parentElement, data.name);
  const figure = JSON.parse(data.figure);
  figure.layout.template = undefined;
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", data.alt);
  node.style.minHeight = (figure.layout.height ?? 340) + "px";
  const menu = parentElement.querySelector(".figure-take");
  menu.querySelector("summary").textContent = data.words.take;
  for (const button of menu.querySelectorAll("button")) {
    button.setAttribute("aria-label", `${data.words.take} ${button.textContent}: ${data.alt}`);
    button.onclick = () => take(button.dataset.format, { node, parentElement, data });
  }
  const Plotly = await loadPlotly(data.library);
  parentElement.querySelector(".figure-wait")?.remove();
  const config = {
    responsive: true,
    displaylogo: false,
    displayModeBar: matchMedia("(hover: hover)").matches ? "hover" : false, // without a mouse it would never go away
    showSendToCloud: false,
    modeBarButtonsToRemove: ["toImage", "lasso2d", "select2d"],
  };
  await Plotly.react(node, figure.data, dress(figure.layout, parentElement), config);
  node.removeAllListeners("plotly_click");
  if (data.clicks) node.on("plotly_click", ({ points: [point] }) => {
    const { x, y, customdata, pointNumber } = point;
    setTriggerValue("clicked", { x, y, customdata, point: pointNumber, trace: point.data.name });
  });
  return node.end ??= follow(node, parentElement, data.name);
}
