"""What every stage needs to know of text: sentences, language, words, numbers. Imports no other room."""
