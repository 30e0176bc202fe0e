"""chunks → segments → snapshot: embedder, dense and lexical halves, publishing and opening."""

import os

# Torch and FAISS work with OpenMP threads that spin while they wait for each other. On a machine that does anything
# else besides, spinning takes the core from the thread that is waited for: embedding one question took 220 ms, and 36
# without it (two busy cores). It is read when the libraries load, so it is said before; a user's own value stands.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
