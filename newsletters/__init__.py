"""Newsletters: a network's letter to people who asked for it.

*Newsletter*: the letter of one network, with its sender, languages and sections. *Subscription*: one address that gets
it, confirmed by the person behind it. *Issue*: one letter, made of *blocks* that are written or assembled from theme
days and introductions, approved by a second pair of eyes. *Dispatch*: the sending of an issue to its *audience*, which
is frozen in *snapshots*; what became of each recipient is a *delivery*, kept in the *progress* beside the snapshot.
"""
