"""How does a comparison leave, and a run come in? As a page to read; as a bundle, a script, or a table."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from resnet_viz.runs import BundleError, Run, store_of
from resnet_viz.settings import Settings
from resnet_viz.training import LimitError
from resnet_viz.training.queue import check_demo
from resnet_viz.ui.comparisons import tell_apart
from resnet_viz.ui.files import File, offer_files
from resnet_viz.ui.language import _
from resnet_viz.ui.services import run_store
from resnet_viz.ui.text import plain, refuse


def offer_to_take_away(runs: Sequence[Run]) -> None:
    """A menu with what can be taken away; nothing is made before it is asked for."""
    menu = st.popover(_("Take away"), icon=":material/download:", key="take_away", on_change="rerun")
    if not menu.open:
        return
    with menu:
        st.markdown(_("**The comparison** as a page that opens anywhere: results, curves, gradients, records."))
        name = f"comparison-{runs[0].comparison}.html" if len(runs) < 3 else f"comparison-of-{len(runs)}.html"
        offer_files(File(_("Report (HTML, 5 MB)"), name, lambda: _report(runs)))
        st.markdown(
            _(
                "**A run**: a bundle goes into another installation (page Runs, or `resnet-viz import`); a script "
                "repeats the run without this program; the curves are CSV."
            )
        )
        for run, name in zip(runs, tell_apart(runs), strict=True):
            st.markdown(plain(name))
            _offer_run(run)


def _offer_run(run: Run) -> None:
    if run.status.is_active:
        st.caption(_("It is at work; take it away when it has ended."))
        return
    offer_files(
        File(_("Bundle"), f"run-{run.id}.zip", lambda: _bundle(run)),
        File(_("Curves"), f"run-{run.id}.csv", lambda: _curves(run)),
        File(_("Script"), f"run_{run.id}.py", lambda: _script(run)),
    )


def _report(runs: Sequence[Run]) -> str:
    from resnet_viz.report import comparison_report

    return comparison_report(run_store(), runs)


def _bundle(run: Run) -> bytes:
    from resnet_viz.training.transfer import export_run  # imports torch, as what follows: a page does not wait for it

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "run.zip"
        export_run(run_store(), Settings(), run, target)
        return target.read_bytes()


def _script(run: Run) -> str:
    from resnet_viz.training.script import to_script

    return to_script(run.spec, run.config, run.facts, run.id)


def _curves(run: Run) -> str:
    source = store_of(run_store(), run.id)
    return source.steps(run.id).merge(source.evaluations(run.id), on="step", how="outer").to_csv(index=False)


def offer_to_bring_in() -> None:
    """A place for the bundle of a run that was trained elsewhere."""
    with st.popover(_("Bring in a run"), icon=":material/upload:"):
        file = st.file_uploader(_("A bundle from another installation"), type="zip", key="bundle")
        if file is not None and st.button(_("Take it in"), type="primary"):
            _bring_in(file.getvalue())


def _bring_in(data: bytes) -> None:
    from resnet_viz.training.transfer import import_run

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "run.zip"
        source.write_bytes(data)
        try:
            check_demo(Settings())
            run = import_run(run_store(), Settings(), source)
        except (BundleError, LimitError) as error:
            refuse(error)
            return
    st.success(_("Run {id} is here now.", id=run.id))
