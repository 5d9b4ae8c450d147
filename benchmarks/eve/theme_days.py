"""Eve's list of theme days, of the collection that the API reads; run in an environment of its own (`benchmarks/served.py`).

Public ones in the order of their start, all fields that are stored; beyond that Eve is as it comes.
"""

import os

from eve import Eve

application = Eve(
    settings={
        "MONGO_URI": os.environ["NETWORK_MONGODB_URI"],
        "URL_PREFIX": "api/v1",
        "LAST_UPDATED": "updated_at",
        "DATE_CREATED": "created_at",
        "QUERY_MAX_RESULTS": "limit",
        "DOMAIN": {
            "events": {
                "allow_unknown": True,
                "datasource": {"filter": {"visible_to": "public"}, "default_sort": [("starts_at", 1), ("_id", 1)]},
            }
        },
    }
)
