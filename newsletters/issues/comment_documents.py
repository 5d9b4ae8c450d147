"""Comments of editors and coordinators on an issue."""

from typing import Any, ClassVar

from mongoengine import IntField, ObjectIdField, StringField

from network_api.documents import BaseDocument


class Comment(BaseDocument):
    """Something said about an issue, or about one of its blocks. It goes with the person who said it."""

    meta: ClassVar[dict[str, Any]] = {"collection": "issue_comments", "indexes": [("issue_id", "_id"), ("author_id", "_id")]}

    issue_id = ObjectIdField(required=True)
    author_id = ObjectIdField(required=True)
    text = StringField(required=True)
    block = IntField()  # the place that it had when this was said
