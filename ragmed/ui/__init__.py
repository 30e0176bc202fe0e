"""The app: one module a page, the evidence viewer, and the server that they run in.

Laws of this room: what came from a document, a question or a model reaches the browser only through ``markup``, which
escapes it; nothing on a page asks another host for anything; a page shows what the record says, and adds nothing to it.
"""
