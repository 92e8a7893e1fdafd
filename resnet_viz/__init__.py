"""Understand residual networks: build them, train them side by side, look inside.

The rooms, from the bottom up: nets, data, runs, paper, plots; explain; training; ui.
ARCHITECTURE.md says what each may import.
"""

__version__ = "0.1.0"
