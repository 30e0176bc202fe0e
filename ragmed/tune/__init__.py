"""Models made to fit a hospital: its embedder (``embedder``), and rows to train a language model on (``dataset``)."""
