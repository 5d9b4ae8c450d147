"""Networks: one national development group, and regional networks below it.

*Membership*: a person's place in a network, by state (invited, requested, active, left) and role (coordinator, editor,
member). *Reach*: where a role counts; a role of coordinator or editor in the national network reaches the regional ones.
"""
