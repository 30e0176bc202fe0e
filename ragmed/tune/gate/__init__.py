"""The gate: an adapter is asked what it was not trained on, and may only answer doctors if citations do not get worse.

Laws of the room:

* The questions are made of the library itself, of series that no row was made of, and not of the dataset that the
  adapter learned from: who poisons a dataset does not set its examination.
* Judged is the model and not its brace: markers are not held at writing, no sentence is tried against another passage,
  nothing is withheld before it is counted.
* On what keeps a patient safe any loss against the adapter of today refuses, however small: that a loss was not shown
  is not that there is none. The intervals are printed beside it.
* Every question counts; what was not asked is counted and told.
* The same adapter, questions and machine give the same verdict.
"""
