"""The script that Streamlit runs for every session and every rerun."""

from ragmed.ui.desk import PLACE
from ragmed.ui.main import main

main(PLACE.take())
