"""Webhooks: other systems hear at once what happens here, by signed HTTP requests (Standard Webhooks).

*Webhook*: an address of another system, and what it wants to hear. *Message*: one thing that has happened, with its type
(`registration.created`); it holds ids and no more. *Delivery*: one message for one webhook, with every attempt to bring it.
"""
