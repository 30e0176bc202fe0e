"""RagMed: answers clinical questions from a hospital's own guidelines, with the page behind every sentence.

Importing the package loads nothing heavy: torch, transformers, streamlit and the rest live behind the modules
that own them (``tests/test_import_table.py`` holds the table).
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("ragmed")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
