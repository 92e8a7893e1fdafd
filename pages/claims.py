"""What is claimed of residual networks, and what holds here? Verdicts, computed from stored runs and answers."""

import streamlit as st

from resnet_viz.studies import CLAIMS, Verdict
from resnet_viz.ui.claims import count_verdicts, is_at_work, judge_all, show_claim
from resnet_viz.ui.language import _, said
from resnet_viz.ui.links import linked_several
from resnet_viz.ui.services import while_store_answers

WATCH_SECONDS = 5.0

st.title(_("What is claimed, and what holds here?"))
st.markdown(
    _(
        "Every claim of the article and of the papers' abstracts, in our own words, held against what was measured: "
        "on this machine where you have run it, else in the runs that come along. A verdict is computed each time "
        "from what is stored; nobody writes one down. Most experiments are small (digits, minutes on two cores): a "
        "claim about ImageNet that does not hold here may well hold there, and the other way round."
    )
)
with st.spinner(_("Loading torch; this takes some seconds after the start of the server…")):
    findings = judge_all()
st.markdown(
    _(
        "Of {findings} claims: {count_verdicts}.",
        findings=len(findings),
        count_verdicts=count_verdicts(list(findings.values())),
    )
)
chosen = linked_several(st.pills, _("Show"), list(Verdict), "verdicts", [], selection_mode="multi", format_func=said)


def follow() -> None:
    """Judge again when what was running has ended."""
    if not is_at_work():
        st.rerun()
    st.caption(_(":material/hourglass_top: Something is being measured; the verdicts follow."))


if is_at_work():
    st.fragment(while_store_answers(follow), run_every=WATCH_SECONDS)()
for title, claims in CLAIMS.items():
    shown = [claim for claim in claims if not chosen or findings[claim.key].verdict in chosen]
    if not shown:
        continue
    st.subheader(said(title))
    for first in range(0, len(shown), 2):
        for claim, column in zip(shown[first : first + 2], st.columns(2, gap="medium"), strict=False):
            with column:
                show_claim(claim, findings[claim.key])
