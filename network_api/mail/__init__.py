"""Mail that requests cause: written in the transaction that caused it, sent by the worker, never lost.

`MailMessage` is what a feature writes (see its `mails.py`), `outbox.put` stores it, `tasks` sends it through Flask-Mail.
A newsletter's letters do not come this way: their dispatch has a ledger and connections of its own.
"""
