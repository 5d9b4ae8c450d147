"""What earlier releases have stored is brought up to how this one reads it.

The `.backup` files are databases of those releases, made by their own code: their demo data, and a few people besides who
registered (some with needs, some in a queue), and subscribed.
"""
