"""One function a route: what came in, whom to ask, what goes out.

* ``predict``: predictions and features. ``models``: lists, details, promotion and deletion.
* ``shadows``: how the answers of versions that are asked along differ.
* ``health``: liveness, readiness, version. ``metrics``: figures. ``docs``: the OpenAPI document and its page.
"""
