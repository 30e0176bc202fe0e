"""Several that open a new log at the same moment."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from ragmed.audit.database import _write_ahead

ROUNDS, AT_ONCE = 150, 6
"""Without a second try, about one round in forty failed on two cores."""


def test_all_that_switch_a_new_file_at_once_succeed(tmp_path: Path) -> None:
    refused: list[str] = []

    def switch(path: Path, together: threading.Barrier) -> None:
        connection = sqlite3.connect(path, timeout=10, isolation_level=None)
        together.wait()
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # as bringing a file up to date does
            _write_ahead(connection)
        except sqlite3.OperationalError as error:
            refused.append(str(error))
        finally:
            connection.close()

    for number in range(ROUNDS):
        path, together = tmp_path / f"{number}.sqlite", threading.Barrier(AT_ONCE)
        path.touch()
        writers = [threading.Thread(target=switch, args=(path, together)) for _ in range(AT_ONCE)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    assert refused == []
