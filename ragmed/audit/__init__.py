"""The log that only grows: entries, proofs, checkpoints, replay, evidence bundles, exports."""
