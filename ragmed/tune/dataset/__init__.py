"""Training rows for a language model: from the library, from reviewed feedback, from files of others.

The laws of the room:

* A prompt is made by ``ragmed.generate.prompt`` and by nothing else: training sees what answering sends, byte for byte.
* An answer that a row teaches passes the program's own check against its page (law 2), or the row is not written. What
  stands on no page (a row from a file without passages) is counted as unchecked.
* Nothing leaks: a series, a document and a passage's text are on one side of the split, distractors included.
* A document whose licence restricts its use teaches nothing unless somebody says that it may.
* Feedback teaches only what a reviewer let through. Patient identifiers are taken out of what people wrote, and
  counted; the words of documents are never touched.
* Nothing falls away in silence: what could not become a row is listed with its place and the reason.
* The same library, log, files and seed give the same bytes; a folder appears by one rename, or not.
"""
