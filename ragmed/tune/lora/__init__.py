"""A LoRA adapter trained on a frozen 4-bit base: supervised, then by preference (arXiv 2305.14314, 2305.18290).

Laws of the room:

* A run begins with a base that was just loaded, and nothing is ever generated on it: on a CPU with AVX512-BF16 one
  pass without gradients packs the 4-bit weights anew, and the lower layers would learn nothing from then on
  (``base``).
* What is learned is what will be asked: prompt and answer become tokens by the same means as when a question is
  answered (``ragmed.generate.chat``); only the answer counts.
* A row that is too long is left out and counted, never cut: the question stands at its end.
* The same rows, base, settings and machine give the same weights, also of a run that was killed and resumed.
* An adapter appears whole, by one rename, when all is done; until then there are checkpoints.
"""
