"""The Network API: networks of job coaches, their theme days and their newsletter, as one REST API.

`network_api` holds what every feature may use, and `app`, the one module that knows all features.
"""
