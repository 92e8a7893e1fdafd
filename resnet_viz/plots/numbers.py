"""How is a number written for people? Without a programmer's powers, and without the minus of a zero."""

import re

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SMALL = 4  # powers of ten up to this are written out
_POWER = re.compile(r"(?<![\w.])(-?\d(?:\.\d+)?)e([-+]\d+)(?!\w)")
_ZERO = re.compile(r"(?<![\w.])-(0(?:\.0+)?)(?![\d.]*\d)")


def for_people(text: str) -> str:
    """A text with its numbers as one writes them: 1.34e+08 as a power of ten, 140 for 1.4e+02, 0.00 for -0.00."""
    if "e+" in text or "e-" in text:
        text = _POWER.sub(_write, text)
    return _ZERO.sub(r"\1", text) if "-0" in text else text


def _write(found: re.Match[str]) -> str:
    mantissa, exponent = found[1], int(found[2])
    if 0 <= exponent <= SMALL:
        return f"{float(found[0]):,.0f}"
    power = "10" + str(exponent).translate(RAISED)
    return mantissa[:-1] + power if mantissa in ("1", "-1") else f"{mantissa} × {power}"
