"""The press: turns the digests under `guidelines/source/` into the files that the library ships.

`markup` reads a source text, `fonts` finds the typefaces, `flow` sets blocks, `sheets` lays out the ordinary PDF
digests, `panels` the landscape look-alike of an oncology guideline, `office` and `web` the DOCX, HTML and Markdown
ones. Nothing here is imported by `ragmed`; it runs only when somebody rebuilds the library.
"""
