"""The app for ``streamlit run app.py``; ``ragmed app`` serves the same, and takes flags for library, address and port.

Settings come from ``ragmed.toml`` and ``RAGMED_*`` variables; address, port and theme from ``.streamlit/config.toml``.
"""

from streamlit.starlette import App

from ragmed.settings import load_settings
from ragmed.ui import server

app = App(server.SCRIPT, **server.parts(server.desk_for(load_settings())))

if __name__ == "__main__":
    server.serve(load_settings())
