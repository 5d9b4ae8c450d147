"""Members: the professionals who sign in, what they say about themselves, and to whom.

*Member*: a person with an e-mail address who has signed in or been invited. *Directory*: the members who consented to be
found. *Introduction*: what a member tells others about their work, with offers and wishes. *Audience*: to whom a person
consented to show it (their networks, all members, everybody); the consent is kept with its time and wording version.
"""
