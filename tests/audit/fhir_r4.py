"""The rules of FHIR R4 (4.0.1) for the three resources that are exported, and for every datatype that they use: names,
cardinalities, the types' forms, required value sets and invariants, written down from the published definitions. Strict:
an element that is not in these tables is a fault. (It is no HL7 validator: extensible value sets are compared only for
the systems and codes that are used, profiles and narratives not at all.)"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

DATE = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[1-2][0-9]|3[0-1])"
TIME = r"T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
PRIMITIVES = {
    "id": r"[A-Za-z0-9\-\.]{1,64}",
    "uri": r"\S+",
    "code": r"[^\s]+(\s[^\s]+)*",
    "string": r"[ \r\n\t\S]+",
    "instant": DATE + TIME,
    "dateTime": rf"{DATE}({TIME})?",
}
# element → (type, least, most); most 0: any number. A set is a required binding of a code.
TYPES: dict[str, dict[str, tuple[Any, int, int]]] = {
    "Coding": {"system": ("uri", 0, 1), "code": ("code", 0, 1), "display": ("string", 0, 1)},
    "CodeableConcept": {"coding": ("Coding", 0, 0), "text": ("string", 0, 1)},
    "Identifier": {"system": ("uri", 0, 1), "value": ("string", 0, 1)},
    "Reference": {
        "reference": ("string", 0, 1),
        "type": ("uri", 0, 1),
        "identifier": ("Identifier", 0, 1),
        "display": ("string", 0, 1),
    },
    "Attachment": {
        "contentType": ("code", 0, 1),
        "language": ("code", 0, 1),
        "data": ("base64Binary", 0, 1),
        "url": ("uri", 0, 1),
        "size": ("unsignedInt", 0, 1),
        "title": ("string", 0, 1),
        "creation": ("dateTime", 0, 1),
    },
    "Bundle": {
        "resourceType": ({"Bundle"}, 1, 1),
        "id": ("id", 0, 1),
        "identifier": ("Identifier", 0, 1),
        "type": (
            {
                "document",
                "message",
                "transaction",
                "transaction-response",
                "batch",
                "batch-response",
                "history",
                "searchset",
                "collection",
            },
            1,
            1,
        ),
        "timestamp": ("instant", 0, 1),
        "entry": ("Bundle.entry", 0, 0),
    },
    "Bundle.entry": {"fullUrl": ("uri", 0, 1), "resource": ("Resource", 0, 1)},
    "DocumentReference": {
        "resourceType": ({"DocumentReference"}, 1, 1),
        "id": ("id", 0, 1),
        "masterIdentifier": ("Identifier", 0, 1),
        "status": ({"current", "superseded", "entered-in-error"}, 1, 1),
        "docStatus": ({"preliminary", "final", "amended", "entered-in-error"}, 0, 1),
        "type": ("CodeableConcept", 0, 1),
        "date": ("instant", 0, 1),
        "author": ("Reference", 0, 0),
        "description": ("string", 0, 1),
        "securityLabel": ("CodeableConcept", 0, 0),
        "content": ("DocumentReference.content", 1, 0),
    },
    "DocumentReference.content": {"attachment": ("Attachment", 1, 1), "format": ("Coding", 0, 1)},
    "Provenance": {
        "resourceType": ({"Provenance"}, 1, 1),
        "id": ("id", 0, 1),
        "target": ("Reference", 1, 0),
        "occurredDateTime": ("dateTime", 0, 1),
        "recorded": ("instant", 1, 1),
        "activity": ("CodeableConcept", 0, 1),
        "agent": ("Provenance.agent", 1, 0),
        "entity": ("Provenance.entity", 0, 0),
    },
    "Provenance.agent": {
        "type": ("CodeableConcept", 0, 1),
        "role": ("CodeableConcept", 0, 0),
        "who": ("Reference", 1, 1),
    },
    "Provenance.entity": {
        "role": ({"derivation", "revision", "quotation", "source", "removal"}, 1, 1),
        "what": ("Reference", 1, 1),
        "agent": ("Provenance.agent", 0, 0),
    },
    "AuditEvent": {
        "resourceType": ({"AuditEvent"}, 1, 1),
        "id": ("id", 0, 1),
        "type": ("Coding", 1, 1),
        "subtype": ("Coding", 0, 0),
        "action": ({"C", "R", "U", "D", "E"}, 0, 1),
        "recorded": ("instant", 1, 1),
        "outcome": ({"0", "4", "8", "12"}, 0, 1),
        "outcomeDesc": ("string", 0, 1),
        "agent": ("AuditEvent.agent", 1, 0),
        "source": ("AuditEvent.source", 1, 1),
        "entity": ("AuditEvent.entity", 0, 0),
    },
    "AuditEvent.agent": {
        "type": ("CodeableConcept", 0, 1),
        "who": ("Reference", 0, 1),
        "altId": ("string", 0, 1),
        "name": ("string", 0, 1),
        "requestor": ("boolean", 1, 1),
    },
    "AuditEvent.source": {"site": ("string", 0, 1), "observer": ("Reference", 1, 1), "type": ("Coding", 0, 0)},
    "AuditEvent.entity": {
        "what": ("Reference", 0, 1),
        "type": ("Coding", 0, 1),
        "role": ("Coding", 0, 1),
        "name": ("string", 0, 1),
        "description": ("string", 0, 1),
        "query": ("base64Binary", 0, 1),
        "detail": ("AuditEvent.entity.detail", 0, 0),
    },
    "AuditEvent.entity.detail": {
        "type": ("string", 1, 1),
        "valueString": ("string", 0, 1),
        "valueBase64Binary": ("base64Binary", 0, 1),
    },
}
HL7 = "http://terminology.hl7.org/CodeSystem/"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
# Codings of extensible value sets: those that may be used, with their official displays.
CODINGS = {
    (DICOM, "110112", "Query"),
    (DICOM, "110150", "Application"),
    (f"{HL7}iso-21089-lifecycle", "originate", "Originate/Retain Record Lifecycle Event"),
    (f"{HL7}iso-21089-lifecycle", "verify", "Verify Record Lifecycle Event"),
    (f"{HL7}iso-21089-lifecycle", "destroy", "Destroy/Delete Record Lifecycle Event"),
    (f"{HL7}extra-security-role-type", "humanuser", "human user"),
    (f"{HL7}security-source-type", "4", "Application Server"),
    (f"{HL7}audit-entity-type", "2", "System Object"),
    (f"{HL7}object-role", "3", "Report"),
    (f"{HL7}object-role", "24", "Query"),
    (f"{HL7}provenance-participant-type", "assembler", "Assembler"),
    (f"{HL7}provenance-participant-type", "author", "Author"),
    (f"{HL7}provenance-participant-type", "enterer", "Enterer"),
    (f"{HL7}v3-DataOperation", "CREATE", "create"),
    (f"{HL7}v3-Confidentiality", "R", "restricted"),
}
LANGUAGES = {"en", "zh"}


def faults_of(bundle: Any) -> list[str]:
    """Everything in which a Bundle is not R4."""
    found = _element(bundle, "Bundle", "Bundle")
    return found or _invariants(bundle)


def _element(value: Any, kind: Any, place: str) -> list[str]:
    if isinstance(kind, set):
        return [] if isinstance(value, str) and value in kind else [f"{place}: {value!r} is not in the value set"]
    if kind == "Resource":
        named = value.get("resourceType") if isinstance(value, dict) else None
        if named not in ("AuditEvent", "Provenance", "DocumentReference"):
            return [f"{place}: {named!r} is no resource of this export"]
        return _element(value, named, f"{place}({named})")
    if kind in TYPES:
        return _structure(value, TYPES[kind], place)
    return [] if _primitive(value, kind) else [f"{place}: {str(value)[:60]!r} is no {kind}"]


def _structure(value: Any, elements: dict[str, tuple[Any, int, int]], place: str) -> list[str]:
    if not isinstance(value, dict) or not value:
        return [f"{place}: not an object, or an empty one"]
    found = [f"{place}.{name}: no such element" for name in value if name not in elements]
    for name, (kind, least, most) in elements.items():
        if name not in value:
            found += [f"{place}.{name}: missing"] if least else []
        elif most == 1:
            found += _element(value[name], kind, f"{place}.{name}")
        elif not isinstance(value[name], list) or not value[name]:
            found.append(f"{place}.{name}: not a list, or an empty one")
        else:
            found += [fault for one in value[name] for fault in _element(one, kind, f"{place}.{name}[]")]
    return found


def _primitive(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "unsignedInt":
        return type(value) is int and 0 <= value <= 2**31 - 1
    if not isinstance(value, str) or not value or value != value.strip():
        return False
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in value):
        return False
    if kind == "base64Binary":
        try:
            return bool(base64.b64decode(value, validate=True))
        except binascii.Error:
            return False
    return re.fullmatch(PRIMITIVES[kind], value) is not None


def _invariants(bundle: Any) -> list[str]:
    urls = [entry.get("fullUrl") for entry in bundle["entry"]]
    found = [] if len(set(urls)) == len(urls) else ["bdl-7: a fullUrl stands twice"]
    found += [
        f"{url}: no lower-case UUID"
        for url in urls
        if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", url)
    ]
    for entry in bundle["entry"]:
        if entry["fullUrl"] != f"urn:uuid:{entry['resource']['id']}":
            found.append(f"{entry['fullUrl']}: the resource has another id")
    for kind, value in _walk(bundle):
        if kind == "reference" and value.startswith("urn:uuid:") and value not in urls:
            found.append(f"{value}: refers to nothing in the bundle")
        if kind == "coding" and (value.get("system"), value.get("code"), value.get("display")) not in CODINGS:
            found.append(f"{value}: not a coding of this export")
        if kind == "attachment" and "data" in value and "contentType" not in value:
            found.append("att-1: data without a contentType")
        if kind == "attachment" and value.get("language", "en") not in LANGUAGES:
            found.append("Attachment.language: not of the value set")
        if kind == "attachment" and "data" in value and value["size"] != len(base64.b64decode(value["data"])):
            found.append("Attachment.size: not the size of data")
        if kind == "entity" and "name" in value and "query" in value:
            found.append("sev-1: name and query")
        if kind == "detail" and ("valueString" in value) == ("valueBase64Binary" in value):
            found.append("AuditEvent.entity.detail.value[x]: exactly one")
        if kind == "identifier" and value.get("system") == "urn:ietf:rfc:3986" and ":" not in value["value"]:
            found.append(f"{value}: the value is no absolute URI")
    return found


def _walk(value: Any, name: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, list):
        return [found for one in value for found in _walk(one, name)]
    if not isinstance(value, dict):
        return [("reference", value)] if name == "reference" else []
    kind = "coding" if "code" in value and "system" in value else name
    kind = "identifier" if name == "masterIdentifier" else kind
    return [(kind, value), *(found for key, one in value.items() for found in _walk(one, key))]
