// A choice changes the address, and makes no step in the browser's history: Back leads to the page before, as it was
// left. Streamlit does so for controls that it binds to the address, and makes a step of all that the server says.

const LEAVING = 1000; // milliseconds in which a page that is left has no choices in its address any more

export default function () {
  if (Object.hasOwn(history, "pushState")) return; // done by an earlier run of the page
  const write = (how, ...state) => History.prototype[how].apply(history, state);
  let bare = { since: -Infinity };
  history.pushState = (state, unused, url) => {
    const next = new URL(url ?? location.href, location.href);
    if (next.pathname === location.pathname) {
      if (!next.search) bare = { since: performance.now(), address: location.href };
      return write("replaceState", state, unused, url);
    }
    if (performance.now() - bare.since < LEAVING) write("replaceState", state, unused, bare.address);
    write("pushState", state, unused, url);
  };
}
