"""Language models that write: prompts, the local Qwen, a served engine."""
