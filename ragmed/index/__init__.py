"""chunks → segments → snapshot: embedder, dense and lexical halves, publishing and opening."""
