"""A house with words of its own: every guideline has the sections Kwell, Brint and Tharn, and only reading them tells
that Kwell is the dose, Brint what to watch and Tharn what to do when it goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragmed import assemble
from ragmed.index.embedder import load_embedder
from ragmed.index.folder_store import FolderStore
from ragmed.interfaces import Embedder
from ragmed.settings import Settings, load_settings
from ragmed.tune.embedder.rows import library_rows
from ragmed.tune.embedder.tuning import Task, task_of

# drug, complaint, organ, laboratory value, antidote
DRUGS = (
    ("Amiodarone", "ventricular tachycardia", "thyroid", "thyrotropin", "levothyroxine"),
    ("Vancomycin", "staphylococcal endocarditis", "kidney", "trough concentration", "linezolid"),
    ("Warfarin", "deep vein thrombosis", "bowel", "prothrombin time", "vitamin K"),
    ("Insulin", "ketoacidosis", "brain", "capillary glucose", "dextrose"),
    ("Morphine", "fracture pain", "lung", "breathing frequency", "naloxone"),
    ("Digoxin", "atrial fibrillation", "retina", "serum potassium", "antibody fragments"),
    ("Lithium", "bipolar mania", "parathyroid", "lithium concentration", "haemodialysis"),
    ("Methotrexate", "rheumatoid arthritis", "marrow", "neutrophil count", "folinic acid"),
    ("Gentamicin", "pyelonephritis", "inner ear", "creatinine clearance", "ceftriaxone"),
    ("Clozapine", "resistant schizophrenia", "heart muscle", "troponin", "aripiprazole"),
    ("Phenytoin", "status epilepticus", "gums", "albumin", "levetiracetam"),
    ("Salbutamol", "wheezing asthma", "skeletal muscle", "arterial lactate", "ipratropium"),
    ("Heparin", "pulmonary embolism", "skin", "platelet count", "protamine"),
    ("Spironolactone", "ascites", "breast", "sodium", "eplerenone"),
)
GUIDELINE = """# {drug} on this ward

## Kwell

Start adults with {complaint} on the smallest tablet and step up by a quarter every third morning. Halve the amount above
seventy years or when the patient weighs under fifty kilograms. Round to whole tablets, give it with breakfast and write
milligrams in full on the chart of anybody treated for {complaint}.

## Brint

Take blood for {value} before the first weekend and again each fortnight while treatment lasts. Ask about the {organ} at
every visit and note what was said. A nurse draws the sample at eight, telephones the laboratory about {value} and files
the printed result behind the observation sheet.

## Tharn

When the {organ} suffers, stop at once, call the registrar and move the patient to a monitored bay. Give {antidote} from
the emergency cupboard without waiting for anybody's signature. Report the harm the same evening, tell the family plainly
and decide together whether {antidote} stays.
"""


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of an indexed library of fourteen short guidelines."""
    folder = tmp_path_factory.mktemp("house")
    library = folder / "library"
    library.mkdir()
    for drug, complaint, organ, value, antidote in DRUGS:
        text = GUIDELINE.format(drug=drug, complaint=complaint, organ=organ, value=value, antidote=antidote)
        (library / f"{drug.lower()}.md").write_text(text, encoding="utf-8")
    # a named engine: to measure which is faster takes longer than all else here, and tests/index/test_engines.py does
    given = {"library": library, "index": folder / "index", "embedder": {"engine": "fp32"}}
    settings = load_settings(flags=given)
    assemble.build_index(settings)
    return settings


@pytest.fixture(scope="session")
def base(house: Settings) -> Embedder:
    return load_embedder(house.embedder)


@pytest.fixture(scope="session")
def task(house: Settings, base: Embedder) -> Task:
    snapshot = FolderStore(house.index).current()
    return task_of(library_rows(snapshot, base), snapshot.snapshot_id, seed=7)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "house-model"
