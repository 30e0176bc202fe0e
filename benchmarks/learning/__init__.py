"""A small Qwen3 that is seen to learn: what ``benchmarks/learns.py`` is made of."""
