"""What was trained, and what is worth keeping? All runs in a table: search, compare, name, tag, archive, delete."""

import streamlit as st

from resnet_viz.settings import Settings
from resnet_viz.ui.language import _
from resnet_viz.ui.runs_actions import show_actions, show_notice
from resnet_viz.ui.runs_search import Wanted, choose_recorded, choose_wanted, list_entries, say_count
from resnet_viz.ui.runs_table import choose_rows, offer_csv
from resnet_viz.ui.services import run_store
from resnet_viz.ui.take_away import offer_to_bring_in
from resnet_viz.ui.text import plain

st.title(_("What was trained, and what is worth keeping?"))
st.markdown(
    _(
        "Every run with its net, its recipe and its errors. Look for some, sort by a column, and select rows: what is "
        "selected can be laid side by side, named, tagged, pinned, archived or deleted."
    )
)
store = run_store()
if store.notice:
    st.warning(plain(store.notice))

first, bring, take = st.columns([4, 1.4, 1.2], vertical_alignment="center")
with first:
    with_recorded = choose_recorded(default=Settings().demo)
with bring:
    offer_to_bring_in()
entries = list_entries(store, with_recorded)
if not entries:
    st.info(
        _(
            "Nothing was trained here yet. Go to **Train** and press Start; or switch on **Recorded runs, too** to see "
            "those that ship with the project."
        )
    )
    st.stop()

wanted = choose_wanted(entries)
found = [entry for entry in entries if wanted.fits(entry)]
with take:
    offer_csv(found)
st.caption(say_count(len(found), entries, wanted))
if any(entry.run.status.is_active for entry in found):
    st.button(_("Look again"), icon=":material/refresh:", help=_("Some of these runs are at work."))
with st.spinner(_("Counting parameters; after the start of the server this takes some seconds…")):
    chosen = choose_rows(found)
show_notice()
if chosen:
    show_actions(chosen, sorted({tag for entry in entries for tag in entry.tags}))
elif found:
    st.caption(_("Select rows at the left edge of the table to do something with these runs."))
elif wanted == Wanted(shelf="archived"):
    st.info(_("Nothing is archived. **Archive** puts the runs aside that are selected."))
else:
    st.info(_("No run is such. Take a filter away, or look for other words."))
