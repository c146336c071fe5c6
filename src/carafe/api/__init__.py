"""The public Python API, one verb a module: ``train``, ``publish``, ``load``. Import them from ``carafe`` itself."""
