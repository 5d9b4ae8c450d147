"""Issues: what a letter says, assembled or written, rendered, and approved by a second pair of eyes."""
