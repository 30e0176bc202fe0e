"""The same answers over HTTP: an OpenAI-compatible address, and RagMed's own with the whole record.

Laws of this room:

* Nothing unchecked is sent (law 2): what a language model writes is held back until it is checked and kept.
* A bound on everything: questions at work, questions waiting, bytes of a request, seconds of a request.
* Whoever leaves stops the work that was done for him; whoever is refused is told why, and what to do.
* No question, user or title of a document stands in an address, a log line or a metric.
* The program is opened once in a process. The event loop never waits for it: it works in threads, ``serve.workers`` at
  once.
"""
