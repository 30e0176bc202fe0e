"""Measures against judgments: retrieval runs and on-call questions."""
