"""One function a route: what came in, whom to ask, what goes out.

* ``predict``: predictions and features. ``models``: lists, details, promotion and deletion.
* ``health``: liveness, readiness, version. ``metrics``: figures. ``docs``: the OpenAPI document and its page.
"""
