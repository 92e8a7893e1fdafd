"""What has the reader guessed? Remembered in this tab alone, and scored."""

import streamlit as st

from resnet_viz.plots import Curve, error_curves
from resnet_viz.runs import RunStatus, store_of
from resnet_viz.runs.store import ALL
from resnet_viz.studies import Evidence
from resnet_viz.studies.guesses import ABOUT_THE_SAME, GUESSES, Guess, answer_of, chance_of
from resnet_viz.ui.history import state_of
from resnet_viz.ui.language import _, cached, listed
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.services import run_store

PARAMETER = "question"
COVERED = 0.3  # of a curve that is shown before the guess
_GUESSED = "guessed"  # in the session


def choose_guess() -> Guess:
    """The question of the link, or the first; the choice is in the URL."""
    keys = list(GUESSES)
    numbers = {key: str(number) for number, key in enumerate(keys, start=1)}
    wished, answers = st.query_params.get(PARAMETER), _answers(_stored())
    key = st.segmented_control(
        _("Question"),
        keys,
        default=wished if wished in keys else keys[0],
        required=True,
        format_func=lambda key: f"{numbers[key]} {_mark(key, answers[key])}".strip(),
        key="chosen_question",
    )
    # By hand: a control that is bound to the URL would put its label there, which changes with the guess.
    say_in_url(PARAMETER, "" if key == keys[0] else key, "chosen_question")
    return GUESSES[key]


def guessed(guess: Guess) -> str | None:
    """What the reader said to a question; None before."""
    return st.session_state.get(_GUESSED, {}).get(guess.key)


def remember(guess: Guess, choice: str) -> None:
    """Keep what the reader said, in this tab alone."""
    st.session_state[_GUESSED] = st.session_state.get(_GUESSED, {}) | {guess.key: choice}


def right_answer(guess: Guess) -> str | None:
    """The right option by what is stored; None where it is not."""
    return _answers(_stored())[guess.key]


def _stored() -> str:
    """What answers and figures depend on: the finished runs that are not recorded, for those stay as they are."""
    store = run_store()
    return store.url + state_of([run for run in store.runs(ALL) if run.status is RunStatus.FINISHED])


@cached(st.cache_data, "Looking up the runs…", max_entries=8)
def _answers(stored: str) -> dict[str, str | None]:
    evidence = Evidence(run_store())
    return {key: answer_of(guess, evidence) for key, guess in GUESSES.items()}


def tell_score() -> str:
    """How many guesses were right so far; nothing before the first."""
    told, answers = st.session_state.get(_GUESSED, {}), _answers(_stored())
    right = sum(answers[key] == choice for key, choice in told.items())
    return (
        _(
            "**{right} of {count}** right so far. Your guesses stay here until the page is loaded anew.",
            right=right,
            count=len(told),
        )
        if told
        else ""
    )


def _mark(key: str, right: str | None) -> str:
    choice = guessed(GUESSES[key])
    if choice is None:
        return ""
    return ":material/check:" if choice == right else ":material/close:"


def figure_of(key: str, covered: bool) -> tuple[object, dict[str, list[str]], int]:
    """The errors of both nets, of the first seed, to a part of the training or to its end; its runs and its seed."""
    return _figure(key, covered, _stored())


@cached(st.cache_data, "Looking up the runs…", max_entries=32)
def _figure(key: str, covered: bool, stored: str) -> tuple[object, dict[str, list[str]], int]:
    guess = GUESSES[key]
    curves: list[Curve] = []
    origins = {}
    for runs in guess.runs(Evidence(run_store())):
        run = runs[0]
        evaluations = store_of(run_store(), run.id).evaluations(run.id)
        if covered:
            evaluations = evaluations.head(max(1, round(COVERED * len(evaluations))))
        name = guess.nets[len(curves)].name
        curves.append(Curve(name, run.spec["family"], evaluations.head(0), evaluations))
        origins[name] = [one.id for one in runs]
    figure = error_curves(curves)
    figure.update_xaxes(range=[0, run.total_steps * 1.02])
    figure.update_yaxes(range=[0, 100])
    return figure, origins, run.config["seed"]


def say_origins(origins: dict[str, list[str]], seed: int) -> str:
    """Where the curves come from: the runs of each net, and whose seed is drawn."""
    told = [_("{name}: runs {names}", name=name, names=", ".join(ids)) for name, ids in origins.items()]
    return _("{names}. The curves are those of seed {seed}.", names="; ".join(told), seed=seed)


def say_doubt(guess: Guess) -> str:
    """That the difference could be chance, where a net is the answer and a test does not bear it out."""
    p = chance_of(guess, Evidence(run_store()))
    if p is None or right_answer(guess) == ABOUT_THE_SAME:
        return ""
    return _("With so few seeds the difference could be chance (p = {p:.2g} by Welch's t-test).", p=p)


def tell_errors(guess: Guess) -> str:
    """Both nets' errors at the end, in a sentence."""
    parts = []
    for spec, runs in zip(guess.nets, guess.runs(Evidence(run_store())), strict=True):
        errors = [100 * getattr(run, guess.error) for run in runs]
        spread = _(" (one seed)")
        if len(errors) > 1:
            spread = _(
                " ({least:.1f} to {most:.1f} over {errors} seeds)",
                least=min(errors),
                most=max(errors),
                errors=len(errors),
            )
        parts.append(
            _(
                "{name} ends at **{error:.1f} %**{spread}",
                name=spec.name,
                error=sum(errors) / len(errors),
                spread=spread,
            )
        )
    kind = _("Training error") if guess.error == "train_error" else _("Test error")
    return _("{kind}: {names}.", kind=kind, names=listed(parts))
