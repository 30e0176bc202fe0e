"""The embedder tuned to one library: pairs from its own text, contrastive training, and a gate that may say no.

The laws of the room:

* What is judged was not trained on: whole series are held out, with every edition of them.
* A query never stands in its own positive: the heading or the sentence that became the query is taken out.
* A passage that may answer the query as well is no negative: not one under the same heading, not a near-duplicate.
* Only a model that wins on the held-out documents is written, and then whole: a folder appears by one rename, or not.
* The same snapshot, seed and number of steps give the same weights on one machine with one thread count.
* Nothing leaves the machine, and nothing of the training text is written: weights, figures and hashes only.
"""
