"""One module a page of the Streamlit app, and the evidence viewer."""
