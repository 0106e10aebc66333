"""`make demo`: a client's life from contract to exit slip, without a person, through the running portal.

Server and worker run as they do for people, on a database of their own. Every step is what someone does in a browser: pages are
read, forms are filled in and sent, papers are printed and their codes scanned.
"""
