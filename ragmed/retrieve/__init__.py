"""question → hits: query analysis, search, fusion, filters."""
