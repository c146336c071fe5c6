"""FastAPI, scikit-learn and uvicorn, written by hand."""
