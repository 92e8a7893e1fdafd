"""How do runs compare? The table of the page Runs, whose rows can be selected and taken away."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from resnet_viz import nets
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.files import File, offer_files
from resnet_viz.ui.language import _, said
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.recipe import say_length
from resnet_viz.ui.runs_search import Entry
from resnet_viz.ui.text import cell

HEIGHT = 353  # pixels, of nine rows and the header: what is done with them stands below, and in sight
CHOSEN = "runs_chosen"  # in the session: the ids of the rows that are selected, also of those out of sight
TABLE = "runs_table"  # in the session: the ids of its rows, those selected at first, and which table it is
PARAMETER = "selected"  # in the URL
MOST_IN_LINK = 100  # selected rows; of more a link would be too long to pass on


def choose_rows(entries: Sequence[Entry]) -> list[Entry]:
    """The table, and the entries whose rows are selected; in the URL by their ids.

    Rows stay selected when others join them, and when they come back from behind a filter or out of the archive.
    """
    ids = [entry.run.id for entry in entries]
    kept = st.session_state.get(CHOSEN, st.query_params.get(PARAMETER, "").split(","))
    shown, default, number = st.session_state.get(TABLE, ([], [], 0))
    if shown != ids or f"runs_{number}" not in st.session_state:
        # Another table: a selection is of rows, so of these ids, and is lost in the browser while there is no table.
        default, number = [row for row, run_id in enumerate(ids) if run_id in kept], number + 1
        st.session_state[TABLE] = ids, default, number
    if not entries:
        return []
    frame = frame_of(entries)
    state = st.dataframe(
        frame.assign(**{name: frame[name].map(said) for name in _IN_WORDS}),
        key=f"runs_{number}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": default}},
        hide_index=True,
        placeholder="",
        column_config=_columns(),
        column_order=[name for name in _NAMES if name != "comparison" and name not in _empty(frame)],
        height=min(38 + 35 * len(frame), HEIGHT),
        alt=_("The runs, one a row, with their nets, recipes and errors"),
    )
    chosen = [entries[row] for row in state["selection"]["rows"] if row < len(entries)]
    selected = [entry.run.id for entry in chosen]
    st.session_state[CHOSEN] = [*selected, *(run_id for run_id in kept if run_id not in ids)]
    say_in_url(PARAMETER, ",".join(selected) if len(selected) <= MOST_IN_LINK else "", CHOSEN)
    return chosen


def offer_csv(entries: Sequence[Entry]) -> None:
    """The table as a file, as it is filtered."""
    csv = File(
        "CSV",
        "runs.csv",
        lambda: frame_of(entries).to_csv(index=False),
        icon=":material/download:",
        help=_("The table as it is filtered."),
        disabled=not entries,
    )
    offer_files(csv)


def _empty(frame: pd.DataFrame) -> set[str]:
    """What a reader gives runs, and has given none of these: no columns to look past."""
    return {name for name in ("mark", "name", "tags", "note") if (frame[name] == "").all()}


def frame_of(entries: Sequence[Entry]) -> pd.DataFrame:
    """One row an entry: what a reader compares runs by. Errors in %, `gap` in points, texts safe in a sheet.

    Columns: mark, name, net, data, recipe, seed, status, test error, training error, gap, parameters, seconds, device,
    precision, started, tags, note, run, comparison.
    """
    return pd.DataFrame([_row(entry) for entry in entries], columns=_NAMES)


def _row(entry: Entry) -> dict[str, Any]:
    run, config = entry.run, entry.run.config
    errors = [None if error is None else 100 * error for error in (run.test_error, run.train_error)]
    return {
        "mark": _mark(entry),
        "name": cell(run.name),
        "net": net_name(run),
        "data": config["dataset"],
        "recipe": say_recipe(config),
        "seed": config["seed"],
        "status": str(run.status),
        "test error": errors[0],
        "training error": errors[1],
        "gap": None if errors[0] is None or errors[1] is None else errors[0] - errors[1],
        "parameters": count_parameters(run),
        "seconds": run.seconds or None,
        "device": cell(str(run.facts.get("device", ""))),
        "precision": run.facts.get("precision", ""),
        "started": datetime.fromtimestamp(run.created_at),
        "tags": cell(", ".join(entry.tags)),
        "note": cell(" ".join(run.note.split())),
        "run": run.id,
        "comparison": run.comparison,
    }


_IN_WORDS = ("mark", "net", "data", "recipe", "status", "device")  # and not what readers have written
_NAMES = ["mark", "name", "net", "data", "recipe", "seed", "status", "test error", "training error", "gap",
          "parameters", "seconds", "device", "precision", "started", "tags", "note", "run", "comparison"]  # fmt: skip


def _mark(entry: Entry) -> str:
    if entry.is_recorded:
        return "recorded"
    return "archived" if entry.run.archived_at else "pinned" if entry.run.pinned_at else ""


def say_recipe(config: dict[str, Any]) -> str:
    """A configuration in a few words: how long, by which optimizer and schedule, on how much of the data."""
    rate = f"{config['optimizer']} {config['peak_lr']:g}"
    parts = [say_length(config), rate, config["schedule"], f"batch {config['batch_size']}"]
    if config.get("augmentation", "none") != "none":
        parts.append(config["augmentation"])
    if config.get("subset"):
        parts.append(f"{config['subset']:,} pictures")
    return ", ".join(parts)


def count_parameters(run: Run) -> int | None:
    """How many parameters a run's net has; None before its data were looked at."""
    if "spec" not in run.facts or "form" not in run.facts:
        return None
    return _count(json.dumps(run.facts["spec"], sort_keys=True), run.facts["form"]["size"])


@st.cache_data(max_entries=5_000, show_spinner=False)
def _count(spec: str, size: int) -> int:
    return int(nets.layer_table(NetSpec(**json.loads(spec)), size)["parameters"].sum())


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "mark": column.TextColumn("", width="small"),
        "name": column.TextColumn(_("name"), width="medium"),
        "net": column.TextColumn(_("net")),
        "data": column.TextColumn(_("data"), width="small"),
        "recipe": column.TextColumn(_("recipe"), width="medium"),
        "seed": column.NumberColumn(_("seed"), width="small"),
        "status": column.TextColumn(_("status")),
        "test error": column.NumberColumn(_("test error, %"), format="%.2f"),
        "training error": column.NumberColumn(_("training error, %"), format="%.2f"),
        "gap": column.NumberColumn(_("gap, points"), format="%.2f", help=_("Test less training error.")),
        "parameters": column.NumberColumn(_("parameters"), format="localized"),
        "seconds": column.NumberColumn(_("seconds"), format="%.0f", width="small"),
        "device": column.TextColumn(_("device"), width="small"),
        "precision": column.TextColumn(_("precision"), width="small"),
        "started": column.DatetimeColumn(_("asked for"), format="YYYY-MM-DD HH:mm"),
        "tags": column.TextColumn(_("tags")),
        "note": column.TextColumn(_("note"), width="medium"),
        "run": column.TextColumn(_("run"), width="small"),
    }
