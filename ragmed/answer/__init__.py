"""hits → verified answer: generators, differential, citation checking, the assistant, the record store."""
