"""What do nets say to many pictures? Taken in one by one, asked together, told in a table and in sentences."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from resnet_viz import explain, studies
from resnet_viz.data import ImageError, decode_image, encode_png, see_picture
from resnet_viz.explain.strangers import Familiarity, from_frame
from resnet_viz.plots import Answer
from resnet_viz.runs.recorded import store_of
from resnet_viz.ui.candidates import Candidate, load_candidate, weights_id
from resnet_viz.ui.language import _, cached, said
from resnet_viz.ui.services import nets_lock, run_store
from resnet_viz.ui.text import cell, plain

MOST_PICTURES = 50
KEPT_SIDE = 512  # pixels of a picture that goes on to another page
TOP = 5  # classes of each net in the table to take away
CARRIED = "asked_picture"  # in the session: the name and the picture for the page Saliency


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that nets are asked about: its name as it came, the picture, and its class where that is known."""

    name: str
    image: Image.Image
    truth: str = ""
    invert: bool = False

    def seen_by(self, candidate: Candidate) -> np.ndarray:
        """The picture as a net takes it, uint8 (H, W, C)."""
        return see_picture(self.image, candidate.form, self.invert)


@dataclass(frozen=True, eq=False)
class Told:
    """What one net says to one picture: probabilities (classes,), and how familiar it is, where that is known."""

    candidate: Candidate
    probabilities: np.ndarray
    familiarity: float | None = None
    measure: Familiarity | None = None

    @property
    def best(self) -> str:
        """The class that it holds most likely."""
        return self.candidate.form.classes[int(self.probabilities.argmax())]

    @property
    def entropy(self) -> float:
        """Of the probabilities, in bits: 0 is sure, log2 of the number of classes knows nothing."""
        return explain.entropy(self.probabilities)

    @property
    def is_strange(self) -> bool:
        """Whether the picture looks like nothing that the net was trained on."""
        return self.measure is not None and self.familiarity is not None and self.familiarity < self.measure.threshold

    def as_answer(self) -> Answer:
        """For a figure."""
        return Answer(self.candidate.name, self.candidate.family, self.probabilities)


def take_pictures(candidates: Sequence[Candidate]) -> list[Picture]:
    """Pictures of the reader's own, or test pictures while there are none; a sentence for each file that is refused."""
    uploads, camera = st.columns([3, 1], vertical_alignment="bottom")
    label = _("Pictures of your own, up to {most_pictures}", most_pictures=MOST_PICTURES)
    files = uploads.file_uploader(label, accept_multiple_files=True, key="upload")  # by content, not by name
    with camera.popover(_("Camera"), icon=":material/photo_camera:", width="stretch"):
        shot = (
            st.camera_input(_("A picture from the camera"), key="camera")
            if st.toggle(_("On"), key="camera_on")
            else None
        )
    if len(files) > MOST_PICTURES:
        st.warning(
            _(
                "These are {files} files; the first {most_pictures} are asked about. Send the rest after that.",
                files=len(files),
                most_pictures=MOST_PICTURES,
            )
        )
    invert = _choose_inversion(candidates) if files or shot else False
    found = [_decode(file.name, file.getvalue(), invert) for file in files[:MOST_PICTURES]]
    found += [_decode("camera", shot.getvalue(), invert)] if shot else []
    pictures = [picture for picture in found if picture]
    if files or shot:
        return pictures
    if samples := _samples(candidates):
        st.caption(_("These are test pictures; send some of your own: PNG, JPEG, WebP, GIF or BMP, up to 20 MB each."))
    return samples


def _choose_inversion(candidates: Sequence[Candidate]) -> bool:
    if all(candidate.form.channels == 3 for candidate in candidates):
        return False
    help = _(
        "Nets for digits learned bright strokes on black; ink on paper is the other way round. Pictures that are dark "
        "already stay as they are."
    )
    return st.checkbox(_("Swap light and dark of bright pictures, for nets that see gray"), True, "invert", help=help)


def is_bright(image: Image.Image) -> bool:
    """Whether a picture is rather ink on paper than light on black."""
    return float(np.asarray(image.convert("L")).mean()) > 127


@st.cache_data(max_entries=200, show_spinner=False)
def _decoded(data: bytes) -> Image.Image:
    return decode_image(data)


def _decode(name: str, data: bytes, invert: bool) -> Picture | None:
    try:
        image = _decoded(data)
        return Picture(name, image, invert=invert and is_bright(image))
    except ImageError as error:
        st.error(f"{plain(name)}: {plain(said(str(error)))}")
        return None


def _samples(candidates: Sequence[Candidate]) -> list[Picture]:
    """Test pictures of the first net that has some."""
    for candidate in candidates:
        if candidate.run is not None:
            found = store_of(run_store(), candidate.run.id).samples(candidate.run.id)
            classes = candidate.form.classes
            return [
                Picture(
                    _("test picture {i}: {classes}", i=i + 1, classes=classes[label]), decode_image(png), classes[label]
                )
                for i, (label, png) in enumerate(found[::2])
            ]
    return []


def ask_all(candidates: Sequence[Candidate], pictures: Sequence[Picture]) -> list[list[Told]]:
    """What every net says to every picture: a list a picture. Raises CheckpointError where weights are gone."""
    columns = [_ask(candidate, pictures) for candidate in candidates]
    return [list(told) for told in zip(*columns, strict=True)]


def _ask(candidate: Candidate, pictures: Sequence[Picture]) -> list[Told]:
    seen = np.stack([picture.seen_by(candidate) for picture in pictures])
    measure = familiarity_of(candidate)
    shown = sha256(seen.tobytes()).hexdigest()
    chances, near = _answers(weights_id(candidate), shown, measure is not None, candidate, seen, measure)
    return [
        Told(candidate, chance, None if near is None else float(near[i]), measure) for i, chance in enumerate(chances)
    ]


@cached(st.cache_data, "Asking the nets…", max_entries=200)
def _answers(
    weights: str, shown: str, measured: bool, _candidate: Candidate, _seen: np.ndarray, _measure: Familiarity | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Probabilities (N, classes) and familiarity (N,) of pictures uint8 (N, H, W, C)."""
    net = load_candidate(_candidate)
    x = explain.to_input(list(_seen), _candidate.form)
    room = explain.pictures_at_once(net, x[:1])
    with nets_lock():
        chances = np.concatenate([explain.class_probabilities(net, part).numpy() for part in x.split(room)])
        return chances, None if _measure is None else _measure.of(net, x)


def familiarity_of(candidate: Candidate) -> Familiarity | None:
    """What makes pictures familiar to a net; None where nobody has measured it."""
    if candidate.run is None:
        return None
    params = studies.QUESTIONS["strangers"].defaults | {"runs": [candidate.run.id]}
    answer = studies.find_answer(run_store(), "strangers", params)
    return None if answer is None else _familiarity(answer.study.id, answer.frame)


@st.cache_resource(max_entries=50, show_spinner=False)
def _familiarity(study: str, _frame: pd.DataFrame) -> Familiarity:
    return from_frame(_frame)


def by_classes(told: Sequence[Told]) -> dict[tuple[str, ...], list[Told]]:
    """What was said to one picture, by the classes that nets know."""
    groups: dict[tuple[str, ...], list[Told]] = {}
    for one in told:
        groups.setdefault(one.candidate.form.classes, []).append(one)
    return groups


def agreement(alike: Sequence[Told], words: str = "{most} of {count}") -> str:
    """How many of the nets, all of the same classes, name the class that most of them name: 2 of 3. Empty for one."""
    named = [one.best for one in alike]
    return words.format(most=max(map(named.count, named)), count=len(named)) if len(named) > 1 else ""


def overview(pictures: Sequence[Picture], told: Sequence[Sequence[Told]]) -> pd.DataFrame:
    """One row a picture: thumbnail, name, and every net's answer, certainty and entropy; agreement; what is strange."""
    rows = []
    for picture, answers in zip(pictures, told, strict=True):
        row: dict[str, Any] = {
            "seen": _data_url(picture.seen_by(answers[0].candidate)),
            "picture": picture.name,
        }
        for i, one in enumerate(answers):
            row[f"{i} answer"] = f"{one.best}, {one.probabilities.max():.1%}"
            row[f"{i} entropy"] = one.entropy
        alike = [agreement(group, _("{most} of {count}")) for group in by_classes(answers).values()]
        row["agree"] = ", ".join(filter(None, alike))
        row["strange"] = ", ".join(filter(None, map(_say_strange, answers)))
        rows.append(row)
    return pd.DataFrame(rows)


def _say_strange(one: Told) -> str:
    if one.measure is None:
        return _("{name}: not measured", name=one.candidate.name)
    return one.candidate.name if one.is_strange else ""


def _data_url(picture: np.ndarray) -> str:
    return f"data:image/png;base64,{b64encode(encode_png(picture)).decode()}"


def choose_row(frame: pd.DataFrame, candidates: Sequence[Candidate]) -> int:
    """The table, and the row that the reader looks at closely."""
    columns: dict[str, Any] = {
        "seen": st.column_config.ImageColumn(_("seen"), width="small", help=_("As the first net sees it.")),
        "picture": st.column_config.TextColumn(_("picture"), width="medium"),
        "agree": st.column_config.TextColumn(
            _("agree"), help=_("Of nets that know the same classes: how many name the same one.")
        ),
        "strange": st.column_config.TextColumn(_("strange to"), help=_("Nets that have seen nothing like it.")),
    }
    for i, one in enumerate(candidates):
        columns[f"{i} answer"] = st.column_config.TextColumn(said(one.name), width="small")
        columns[f"{i} entropy"] = st.column_config.NumberColumn(_("entropy, bits"), format="%.2f", width="small")
    event = st.dataframe(
        frame,
        column_config=columns,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"overview_{len(frame)}",
        row_height=48,
    )
    rows = event["selection"]["rows"]
    return rows[0] if rows and rows[0] < len(frame) else 0


def to_csv(pictures: Sequence[Picture], told: Sequence[Sequence[Told]]) -> bytes:
    """All answers, one row a picture and net, with the likeliest classes of each."""
    rows = []
    for picture, answers in zip(pictures, told, strict=True):
        groups = by_classes(answers)
        for one in answers:
            row: dict[str, Any] = {"picture": cell(picture.name), "net": one.candidate.name}
            row |= {"origin": cell(one.candidate.origin), "entropy_bits": round(one.entropy, 4)}
            row |= {"agreement": agreement(groups[one.candidate.form.classes]), "familiarity": one.familiarity}
            row["warning"] = one.is_strange if one.measure else ""
            for rank, k in enumerate(one.probabilities.argsort()[::-1][:TOP], 1):
                row[f"class_{rank}"] = cell(one.candidate.form.classes[k])
                row[f"probability_{rank}"] = round(float(one.probabilities[k]), 6)
            rows.append(row)
    return pd.DataFrame(rows).to_csv(index=False).encode()


def tell(told: Sequence[Told]) -> None:
    """What each net says, how sure it is, and a warning where it has seen nothing like the picture."""
    for one in told:
        most = np.log2(len(one.probabilities))
        st.markdown(
            _(
                "**{name}** says **{best}** with {probability:.1%}; entropy {entropy:.2f} of {most:.2f} bits.",
                name=one.candidate.name,
                best=plain(one.best),
                probability=one.probabilities.max(),
                entropy=one.entropy,
                most=most,
            )
        )
        if one.is_strange and one.measure is not None and one.familiarity is not None:
            st.warning(
                _(
                    "To {name} this looks like nothing it was trained on: familiarity {familiarity:.2f}, below "
                    "{threshold:.2f}. {say_rates}",
                    name=one.candidate.name,
                    familiarity=one.familiarity,
                    threshold=one.measure.threshold,
                    say_rates=say_rates(one.measure),
                )
            )


def say_rates(measure: Familiarity) -> str:
    """How often the warning is wrong."""
    missed = ", ".join(_("{share:.0%} of {kind}", share=share, kind=kind) for kind, share in measure.missed.items())
    return _(
        "The warning errs: of {counts} held-out pictures of its own {false_alarms:.1%} get it, too, and of strange "
        "ones {missed} get none.",
        counts=measure.counts["held out"],
        false_alarms=measure.false_alarms,
        missed=missed,
    )


def carry(picture: Picture) -> None:
    """Put a picture where the page Saliency finds it."""
    small = picture.image.copy()
    small.thumbnail((KEPT_SIDE, KEPT_SIDE))
    st.session_state[CARRIED] = (picture.name, small)
