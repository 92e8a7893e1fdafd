"""How does the interface read in other languages? One catalog a language, in the form of gettext."""
