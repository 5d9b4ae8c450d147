"""Who is calling, and what they may: sign-in codes, sessions, API tokens, roles and their reach.

A *session* is what signing in gives; an *API token* belongs to a member, carries scopes, and can never do more than its
owner. Both are random, shown once, and stored as hashes. A *role* (coordinator, editor, member) is held in a network;
a role of coordinator or editor in the national network reaches the regional networks below it.
"""
