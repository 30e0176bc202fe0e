"""An answer as FHIR R4 (4.0.1): what a hospital's audit repository takes in.

One Bundle (collection) an answer: a DocumentReference (the answer), a Provenance (what it was made from and by what),
an AuditEvent for the question, and one for each entry of feedback or erasure.

Laws of this room: no question, answer, correction or quote unless it was asked for; ids follow from the entry's
commitment, so that the same answer is the same resource each time; an element that would be empty is left out, for
FHIR knows no empty ones.
"""

from __future__ import annotations

import base64
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from ragmed.canonical import canonical_json, sha256_bytes
from ragmed.entries import EntryKind
from ragmed.records import Language, Outcome

if TYPE_CHECKING:
    from ragmed.audit.export import Told
    from ragmed.entries import AuditEntry, Feedback, Review
    from ragmed.records import AnswerRecord, Document

_URIS = "urn:ietf:rfc:3986"
_HL7 = "http://terminology.hl7.org/CodeSystem/"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_TYPES = {
    EntryKind.ANSWER: (_DICOM, "110112", "Query"),
    EntryKind.FEEDBACK: (f"{_HL7}iso-21089-lifecycle", "originate", "Originate/Retain Record Lifecycle Event"),
    EntryKind.REVIEW: (f"{_HL7}iso-21089-lifecycle", "verify", "Verify Record Lifecycle Event"),
    EntryKind.ERASURE: (f"{_HL7}iso-21089-lifecycle", "destroy", "Destroy/Delete Record Lifecycle Event"),
}
_ACTIONS = {EntryKind.ANSWER: "E", EntryKind.FEEDBACK: "C", EntryKind.REVIEW: "C", EntryKind.ERASURE: "D"}
_Json = dict[str, Any]


def fhir_bundle(told: Told, *, with_content: bool) -> _Json:
    """The Bundle of one answer, as JSON's own types."""
    seed = told.entries[0].commitment
    answer, provenance = _urn(seed, "answer"), _urn(seed, "provenance")
    resources = [(answer, _document_reference(told, answer, with_content=with_content))]
    if told.record is not None:
        resources.append((provenance, _provenance(told, told.record, provenance, answer)))
    resources += [
        (urn, _audit_event(told, entry, urn, answer, with_content=with_content))
        for entry in told.entries
        for urn in [_urn(seed, f"event {entry.number}")]
    ]
    urn = _urn(seed, "bundle")
    return {
        "resourceType": "Bundle",
        "id": _id(urn),
        "identifier": _identifier(urn),
        "type": "collection",
        "timestamp": told.entries[-1].at,
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in resources],
    }


def _document_reference(told: Told, urn: str, *, with_content: bool) -> _Json:
    line, record = told.line, told.record
    erased = told.erasure.at if told.erasure else line.erased
    attachment: _Json = {"title": f"Answer {line.record_id}", "creation": line.at}
    contents = [{"attachment": attachment}]
    if record is None:
        attachment["title"] = f"Answer {line.record_id}, content erased {erased}".strip()
    else:
        attachment["contentType"] = "text/plain"
        if line.language is not Language.OTHER:
            attachment["language"] = line.language.value
        if with_content:
            attachment |= _data(record.text.encode("utf-8"))
            whole = {"title": f"Record {line.record_id}", "creation": line.at, "contentType": "application/json"}
            contents.append({"attachment": whole | _data(canonical_json(record))})
    return {
        "resourceType": "DocumentReference",
        "id": _id(urn),
        "masterIdentifier": _identifier(urn),
        "status": "current",
        "docStatus": "final",
        "type": {"text": "Answer of a clinical knowledge assistant"},
        "date": line.at,
        "author": [_software(record)],
        "description": f"outcome: {line.outcome.value}" + (f"; content erased {erased}" if record is None else ""),
        "securityLabel": [_concept(f"{_HL7}v3-Confidentiality", "R", "restricted")],
        "content": contents,
    }


def _provenance(told: Told, record: AnswerRecord, urn: str, answer: str) -> _Json:
    made: _Json = {
        "resourceType": "Provenance",
        "id": _id(urn),
        "target": [{"reference": answer, "type": "DocumentReference"}],
        "occurredDateTime": record.asked_at,
        "recorded": told.entries[0].at,
        "activity": _concept(f"{_HL7}v3-DataOperation", "CREATE", "create"),
        "agent": [_maker("assembler", "Assembler", _software(record))],
    }
    generation = record.generation
    if generation.kind != "extractive" and _words(generation.model_id):
        model = f"{generation.model_id} {generation.revision}"
        made["agent"].append(_maker("author", "Author", {"type": "Device", "display": _words(model)}))
    if _words(record.user):
        made["agent"].append(_maker("enterer", "Enterer", {"display": _words(record.user)}))
    cited = {check.citation.document_id for check in record.checks}
    quoted = [
        {"role": "quotation", "what": _quoted(document)}
        for document in record.documents
        if document.document_id in cited
    ]
    if quoted:
        made["entity"] = quoted
    return made


def _quoted(document: Document) -> _Json:
    words = " ".join(part for part in (document.title, document.edition, document.published_on) if part)
    digest = base64.urlsafe_b64encode(bytes.fromhex(document.sha256)).decode("ascii").rstrip("=")
    return {
        "type": "DocumentReference",
        # RFC 6920: a name that is the SHA-256 of the file
        "identifier": {"system": _URIS, "value": f"ni:///sha-256;{digest}"},
        "display": _words(words) or document.document_id,
    }


def _audit_event(told: Told, entry: AuditEntry, urn: str, answer: str, *, with_content: bool) -> _Json:
    rejected = entry.kind is EntryKind.ANSWER and told.line.outcome is Outcome.REJECTED
    system, code, display = _TYPES[entry.kind]
    person: _Json = {
        "type": _concept(f"{_HL7}extra-security-role-type", "humanuser", "human user"),
        "requestor": True,
    }
    if _words(entry.user):
        person["who"] = {"display": _words(entry.user)}
    software = {
        "type": _concept(_DICOM, "110150", "Application"),
        "who": _software(told.record),
        "requestor": False,
    }
    return {
        "resourceType": "AuditEvent",
        "id": _id(urn),
        "type": {"system": system, "code": code, "display": display},
        "action": _ACTIONS[entry.kind],
        "recorded": entry.at,
        "outcome": "4" if rejected else "0",
        "outcomeDesc": told.line.outcome.value if entry.kind is EntryKind.ANSWER else entry.kind.value,
        "agent": [person, software],
        "source": {
            "observer": _software(told.record),
            "type": [{"system": f"{_HL7}security-source-type", "code": "4", "display": "Application Server"}],
        },
        "entity": _entities(told, entry, answer, with_content=with_content),
    }


def _entities(told: Told, entry: AuditEntry, answer: str, *, with_content: bool) -> list[_Json]:
    record = told.record
    about: _Json = {
        "what": {"reference": answer, "type": "DocumentReference"},
        "type": {"system": f"{_HL7}audit-entity-type", "code": "2", "display": "System Object"},
        "role": {"system": f"{_HL7}object-role", "code": "3", "display": "Report"},
        "name": f"Answer {entry.subject}",
        "detail": [{"type": name, "valueString": value} for name, value in _details(told, entry, with_content)],
    }
    if entry.kind is not EntryKind.ANSWER or record is None or not with_content:
        return [about]
    question = {
        "type": {"system": f"{_HL7}audit-entity-type", "code": "2", "display": "System Object"},
        "role": {"system": f"{_HL7}object-role", "code": "24", "display": "Query"},
        "query": base64.b64encode(record.question.encode("utf-8") or b" ").decode("ascii"),
    }
    return [about, question]


def _details(told: Told, entry: AuditEntry, with_content: bool) -> list[tuple[str, str]]:
    record = told.record
    found = [
        ("log entry", str(entry.number)),
        ("leaf sha256", sha256_bytes(b"\x00" + canonical_json(entry))),
        ("commitment", entry.commitment),
    ]
    if entry.kind is EntryKind.ANSWER:
        found += [("snapshot", told.line.snapshot_id), ("language", told.line.language.value)]
        found += [(f"verdict {name}", str(count)) for name, count in told.line.verdicts]
        if record is not None:
            withheld = Counter(one.verdict.value for one in record.withheld)
            found += [(f"withheld {name}", str(count)) for name, count in sorted(withheld.items())]
            found += [("settings sha256", record.settings_sha256), ("generator", record.generation.kind)]
            found += [("document sha256", one.sha256) for one in record.documents]
    elif entry.kind is EntryKind.FEEDBACK:
        found += _feedback_details(_feedback_of(told, entry), with_content)
    elif entry.kind is EntryKind.REVIEW:
        found += _review_details(_review_of(told, entry), with_content)
    elif entry.kind is EntryKind.ERASURE and told.erasure is not None:
        found.append(("reason", told.erasure.reason))
    return [(name, _words(value)) for name, value in found if _words(value)]


def _feedback_of(told: Told, entry: AuditEntry) -> Feedback | None:
    """Entries and feedback are both in the order in which they were written."""
    numbers = [one.number for one in told.entries if one.kind is EntryKind.FEEDBACK]
    place = numbers.index(entry.number)
    return told.feedback[place] if place < len(told.feedback) else None


def _review_of(told: Told, entry: AuditEntry) -> Review | None:
    """The same of reviews."""
    numbers = [one.number for one in told.entries if one.kind is EntryKind.REVIEW]
    place = numbers.index(entry.number)
    return told.reviews[place] if place < len(told.reviews) else None


def _review_details(review: Review | None, with_content: bool) -> list[tuple[str, str]]:
    if review is None:
        return []
    found = [("review", review.decision.value), ("feedback id", review.feedback_id)]
    return found + ([("correction", review.correction), ("note", review.note)] if with_content else [])


def _feedback_details(feedback: Feedback | None, with_content: bool) -> list[tuple[str, str]]:
    if feedback is None:
        return []
    found = [("feedback", feedback.kind.value), ("citation", feedback.citation_key)]
    return found + ([("correction", feedback.correction), ("note", feedback.note)] if with_content else [])


def _software(record: AnswerRecord | None) -> _Json:
    version = record.code_version if record else ""
    return {"type": "Device", "display": _words(f"RagMed {version}")}


def _maker(code: str, display: str, who: _Json) -> _Json:
    return {"type": _concept(f"{_HL7}provenance-participant-type", code, display), "who": who}


def _concept(system: str, code: str, display: str) -> _Json:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _data(content: bytes) -> _Json:
    return {"data": base64.b64encode(content).decode("ascii"), "size": len(content)} if content else {}


def _identifier(urn: str) -> _Json:
    return {"system": _URIS, "value": urn}


def _urn(seed: str, part: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:ragmed:{seed}:{part}')}"


def _id(urn: str) -> str:
    return urn.removeprefix("urn:uuid:")


def _words(text: str) -> str:
    """Text as a FHIR string may hold it: no control characters, no white space around it."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
