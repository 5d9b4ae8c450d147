"""The desk of newsletters: pages for who writes, approves and sends them."""
