"""Models made to fit a hospital: its embedder (``embedder``), and what its language model is trained on (``dataset``)."""
