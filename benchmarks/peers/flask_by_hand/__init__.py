"""Flask, scikit-learn and gunicorn, as tutorials have it."""
