"""The public Python API, train, publish, promote, roll back, load. Import its verbs from ``carafe`` itself."""
