"""The import table of the house: who may import whom, and what loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ragmed"

FOUNDATIONS = {
    "__version__",
    "records",
    "changes",
    "entries",
    "errors",
    "canonical",
    "settings",
    "interfaces",
    "drafts",
    "engines",
    "citation_keys",
    "foreseen",
    "second_checks",
    "conflict_sides",
    "text",
    "terms",
    "hold",
    "models",
    "adapters",
}
STAGES = {"corpus", "index", "retrieve", "answer", "generate"}
# module → other stages that it may join (the composers of docs/architecture.md)
COMPOSERS = {
    "ragmed.index.build": {"corpus"},
    "ragmed.index.fates": {"corpus"},
    "ragmed.index.inbox": {"corpus"},
    "ragmed.index.pipeline": {"corpus"},
    "ragmed.index.plan": {"corpus"},
    "ragmed.index.reads": {"corpus"},
    "ragmed.index.snapshot_diff": {"corpus"},
    "ragmed.index.runner": {"corpus"},
    "ragmed.index.work": {"corpus"},
    "ragmed.answer.assistant": {"retrieve"},
}
# heavy package → the rooms that own it
OWNERS = {
    "torch": {"ragmed.index", "ragmed.tune", "ragmed.generate"},
    "transformers": {"ragmed.index", "ragmed.generate", "ragmed.tune.lora", "ragmed.tune.export"},
    "peft": {"ragmed.generate", "ragmed.tune.lora"},
    "trl": {"ragmed.tune.lora"},
    "datasets": {"ragmed.tune.lora"},
    "bitsandbytes": {"ragmed.tune.lora", "ragmed.tune.export"},
    "matplotlib": {"ragmed.tune"},
    "llguidance": {"ragmed.generate.grammar"},
    "tokenizers": {"ragmed.index", "ragmed.tune", "ragmed.generate"},
    "safetensors": {"ragmed.index", "ragmed.tune", "ragmed.generate"},
    "sentence_transformers": {"ragmed.index"},
    "faiss": {"ragmed.index"},
    "onnx": {"ragmed.index"},
    "onnxruntime": {"ragmed.index"},
    "tantivy": {"ragmed.index"},
    "bm25s": {"ragmed.index"},
    "jieba": {"ragmed.text"},
    "Stemmer": {"ragmed.text"},
    "streamlit": {"ragmed.ui", "app"},
    "starlette": {"ragmed.ui", "ragmed.serve"},
    "uvicorn": {"ragmed.ui", "ragmed.serve"},
    "fastapi": {"ragmed.serve"},
    "prometheus_client": {"ragmed.serve"},
    "pypdf": {"ragmed.corpus"},
    "pypdfium2": {"ragmed.corpus"},
    "lxml": {"ragmed.corpus"},
    "docx": {"ragmed.corpus"},
    "markdown_it": {"ragmed.corpus"},
    "PIL": {"ragmed.corpus"},
    "httpx": {"ragmed.models.asking", "ragmed.models.download", "ragmed.models.pulling", "ragmed.generate"},
    "llama_index": {"ragmed.corpus.llama", "ragmed.retrieve.llama", "ragmed.generate.llama"},
    "ir_measures": {"ragmed.evaluate"},
    "cryptography": {"ragmed.audit"},
    "presidio_analyzer": {"ragmed.tune.dataset.presidio"},
    "spacy": {"ragmed.tune.dataset.presidio"},
    "typer": {"ragmed.cli", "ragmed.commands"},
}


def modules() -> dict[str, Path]:
    found = {"app": ROOT / "app.py"}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path) -> set[str]:
    """Every module imported anywhere in the file, those needed for types only left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(name: str) -> str:
    parts = name.split(".")
    return parts[1] if parts[0] == "ragmed" and len(parts) > 1 else ""


@pytest.mark.parametrize("name", sorted(modules()))
def test_stages_meet_only_in_composers(name: str) -> None:
    own = room(name)
    for imported in imports(modules()[name]):
        other = room(imported)
        if not other or other == own:
            continue
        if own in FOUNDATIONS:
            assert other in FOUNDATIONS, f"{name} is a foundation and imports {imported}"
        elif own in STAGES and other in STAGES:
            assert other in COMPOSERS.get(name, set()), f"{name} imports {imported}: only composers join stages"
        elif own in STAGES:
            assert other in FOUNDATIONS, f"{name} imports {imported}"


@pytest.mark.parametrize("name", sorted(modules()))
def test_heavy_packages_are_imported_only_by_their_owner(name: str) -> None:
    for imported in imports(modules()[name]):
        owners = OWNERS.get(imported.split(".")[0])
        if owners is not None:
            assert any(name == owner or name.startswith(owner + ".") for owner in owners), f"{name} imports {imported}"


@pytest.mark.parametrize(
    "statement", ["import ragmed", "import ragmed.cli", "import ragmed.assemble", "import ragmed.terms"]
)
def test_light_modules_load_nothing_heavy(statement: str) -> None:
    heavy = sorted({*OWNERS, "numpy", "pydantic", "pydantic_settings"} - {"typer"})
    script = f"{statement}\nimport sys\nprint(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
