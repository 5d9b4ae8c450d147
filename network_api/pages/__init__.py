"""What every HTML page shares: the frame around it, its language, its caching, its forms, and who is signed in.

A feature has its own pages in modules of `Pages` blueprints; their templates extend `page.html`. Pages are made on the
server and work without JavaScript; scripts only hasten. A GET changes nothing.
"""
