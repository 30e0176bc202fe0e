"""An answer in flight ends on the snapshot that it began with, whatever another process publishes and collects."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ragmed.answer.assistant import RagMedAssistant
from ragmed.answer.extractive import ExtractiveGenerator
from ragmed.audit.log import SqliteLog
from ragmed.errors import NotFoundError
from ragmed.index.folder_store import FolderStore
from ragmed.index.history import trust_number, trusted_number
from ragmed.interfaces import EvidenceFound, Finished
from ragmed.retrieve.search import HybridRetriever
from ragmed.settings import RetrieveSettings, Settings
from tests.index.support import EMBEDDER, publish, reading

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "What is the dose of intramuscular adrenaline in anaphylaxis?"
RULE = "Give intramuscular adrenaline {} mg into the outer thigh at once in anaphylaxis."
PUBLISH_AND_COLLECT = """
import sys
from pathlib import Path
from ragmed.index.collect import Retention
from ragmed.index.folder_store import FolderStore
from tests.index.support import publish, reading

index, rule = Path(sys.argv[1]), sys.argv[2]
assert publish(index, [reading("anaphylaxis.txt", [rule])])
found = FolderStore(index).collect(Retention(keep_days=0, keep_last=1, cited=frozenset()), dry_run=False)
print(len(found.snapshots), [one.reason for one in found.kept])
"""


def publish_elsewhere(index: Path, dose: str) -> str:
    """Another process publishes, and collects what nobody needs; what it says of that."""
    command = [sys.executable, "-c", PUBLISH_AND_COLLECT, str(index), RULE.format(dose)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def index(tmp_path: Path) -> Path:
    publish(tmp_path / "index", [reading("anaphylaxis.txt", [RULE.format("0.5")])])
    return tmp_path / "index"


def test_an_answer_in_flight_ends_on_its_snapshot_and_the_next_one_moves(index: Path, tmp_path: Path) -> None:
    store = FolderStore(index)
    settings = Settings(retrieve=RetrieveSettings(abstain_below=0.0))
    assistant = RagMedAssistant(
        store,
        HybridRetriever(store, EMBEDDER, settings.retrieve),
        ExtractiveGenerator(EMBEDDER),
        SqliteLog(tmp_path / "records.sqlite"),
        settings,
    )
    first = store.current().snapshot_id
    events = assistant.ask(QUESTION)
    evidence = next(events)
    assert isinstance(evidence, EvidenceFound)
    said = publish_elsewhere(index, "0.3")
    assert said == "0 ['a reader holds it', 'it is current']"
    finished = next(events)
    assert isinstance(finished, Finished)
    assert finished.record.snapshot_id == evidence.snapshot_id == first
    assert "0.5 mg" in finished.record.text
    assert "0.3 mg" not in finished.record.text

    *_, last = assistant.ask(QUESTION)
    assert isinstance(last, Finished)
    assert last.record.snapshot_id != first
    assert "0.3 mg" in last.record.text


@pytest.mark.parametrize("looks_at", ["trusted.json", "manifest.json"])
def test_a_reader_that_is_overtaken_gets_the_new_snapshot(index: Path, looks_at: str) -> None:
    """Another process publishes and collects when a reader has read the pointer and is about to judge or open it."""
    store, meanwhile = FolderStore(index), Meanwhile(looks_at, lambda: publish_elsewhere(index, "0.3"))
    first = store.holdings().parent_id
    assert first
    with meanwhile:
        found = store.current()
    assert meanwhile.said == "1 ['it is current']", "the one that it had read of was gone"
    assert found.snapshot_id != first
    assert "0.3 mg" in found.page(found.documents()[0].document_id, 1).text
    with pytest.raises(NotFoundError):
        store.get(first)


def test_a_slow_reader_does_not_lower_the_trusted_number(index: Path, tmp_path: Path) -> None:
    trust = tmp_path / "trust"
    trust_number(trust, 1)
    meanwhile = Meanwhile("trust", lambda: trust_number(trust, 3))  # it has read 1 and goes on to write
    with meanwhile:
        trust_number(trust, 2)
    assert meanwhile.done
    assert trusted_number(trust) == 3


class Meanwhile:
    """Does something once, when this process is about to open a file of that name."""

    def __init__(self, name: str, work: Callable[[], str | None]) -> None:
        self.said: str | None = None
        self.done = False
        self._name, self._work = name, work
        self._armed = False
        sys.addaudithook(self._hook)  # for good, but harmless once it is done

    def __enter__(self) -> None:
        self._armed = True

    def __exit__(self, *_: object) -> None:
        self._armed = False

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._armed and event == "open" and str(arguments[0]).endswith(f"/{self._name}"):
            self._armed, self.done = False, True
            self.said = self._work()
