"""Holds an export (`ragmed audit export --format fhir`) against HL7's published JSON schema of FHIR R4.

    python tools/check_fhir.py fhir.schema.json export.ndjson

The schema is not part of this repository: it is `fhir.schema.json` of https://hl7.org/fhir/R4/downloads.html. It knows
names, types and cardinalities, not the invariants; `tests/audit/fhir_r4.py` holds those of what is exported.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jsonschema import Draft6Validator

USED = ("AuditEvent", "Provenance", "DocumentReference", "Bundle")


def main(arguments: list[str]) -> int:
    """0: every line keeps the schema."""
    schema_file, export_file = arguments
    schema = json.loads(Path(schema_file).read_text("utf-8"))
    if not str(schema.get("id", "")).endswith("/4.0"):
        print(f"{schema_file}: not the schema of R4 (4.0.1)")
        return 2
    checks = {
        name: Draft6Validator({"$ref": f"#/definitions/{name}", "definitions": schema["definitions"]}) for name in USED
    }
    # each resource against its own definition: the schema's list of all 148 would only say "none of them"
    loose = schema["definitions"]["Bundle_Entry"]["properties"]
    loose["resource"] = {"type": "object"}
    resources, faults = 0, 0
    for number, line in enumerate(Path(export_file).read_text("utf-8").splitlines(), 1):
        bundle = json.loads(line)
        for value in (bundle, *(entry["resource"] for entry in bundle["entry"])):
            resources += 1
            check = checks.get(value["resourceType"])
            for error in check.iter_errors(value) if check else ():
                faults += 1
                place = "/".join(str(step) for step in error.absolute_path)
                print(f"line {number}, {value['resourceType']} at {place}: {error.message[:300]}")
            if check is None:
                faults += 1
                print(f"line {number}: no {value['resourceType']} is expected")
    print(f"{resources} resources, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
