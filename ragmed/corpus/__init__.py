"""file → pages → chunks: one reader a format, the chunker, and the sandbox that readers run in."""
