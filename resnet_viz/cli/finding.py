"""What does a look at an installation come to? How it is, and what to do."""

from dataclasses import dataclass

OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is (ok, warning or problem), what was found, and what to do about it."""

    about: str
    state: str
    found: str
    advice: str = ""
