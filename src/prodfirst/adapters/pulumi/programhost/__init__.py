"""The program host: runs one Pulumi program for the engine, in a process of its own.

It runs as the package `programhost` in the program's own interpreter (host.py), so it imports the standard
library, the Pulumi SDK and its own modules, never prodfirst; it keeps to Python 3.10's syntax. It holds no
credentials.
"""
