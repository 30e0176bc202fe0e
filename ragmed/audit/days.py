"""What was answered, day by day: figures for a picture, from the search rows alone.

Laws of this room: no content is opened; an erased answer still counts, since its rows stay; a day is one of UTC.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict

from ragmed.entries import Day
from ragmed.records import Outcome, Verdict

_DAY = "substr(entries.at, 1, 10)"
_SINCE = "entries.kind = 'answer' AND entries.at >= ?"


def days(connection: sqlite3.Connection, since: str) -> tuple[Day, ...]:
    """Oldest first; days on which nobody asked are left out."""
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    verdicts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for day, outcome, count in connection.execute(
        f"SELECT {_DAY}, outcome, count(*) FROM entries JOIN answers USING (number) WHERE {_SINCE} GROUP BY 1, 2",
        (since,),
    ):
        outcomes[day][outcome] = count
    for day, verdict, count in connection.execute(
        f"SELECT {_DAY}, verdict, sum(times) FROM entries JOIN cited USING (number) WHERE {_SINCE} GROUP BY 1, 2",
        (since,),
    ):
        verdicts[day][verdict] = count
    judged = Counter(
        dict(
            connection.execute(
                f"SELECT {_DAY}, count(*) FROM judged JOIN entries ON entries.number = judged.answer"
                f" WHERE {_SINCE} GROUP BY 1",
                (since,),
            ).fetchall()
        )
    )
    return tuple(
        Day(
            day=day,
            answered=outcomes[day][Outcome.ANSWERED.value],
            abstained=outcomes[day][Outcome.ABSTAINED.value],
            rejected=outcomes[day][Outcome.REJECTED.value],
            verdicts=tuple((one.value, verdicts[day][one.value]) for one in Verdict if verdicts[day][one.value]),
            feedback=judged[day],
        )
        for day in sorted(outcomes)
    )
