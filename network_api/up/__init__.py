"""`network-api up`: the whole platform on one machine, for trials, tests and small networks.

`everything` tells the story; `data_folder` is what survives a stop; `embedded` describes the database and the mail sink
that stand in for real servers; `supervisor` keeps a `child` alive. Nothing here imports the platform, nor anything else
that is slow to import, for the database has to be starting while the platform is still being read from disk.
"""
