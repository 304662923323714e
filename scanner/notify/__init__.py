"""Whom to tell what a run found, and whether it is news to them. docs/notices.md tells it to users.

values     what is remembered of a host between runs, and what is told; values only
pulse      pure: something that comes and goes is told once and then muted until it is quiet
look       pure: a run -> what is there, and what is proven to be gone
decide     pure: (what was told, a look, now) -> (what is told then, the digest to send)
message    pure: a digest -> title and text in a language
sources    files and systemd credentials -> apprise URLs, which never leave this room but to the child
memory     the state file: one reader and writer at a time, written whole or not at all
send       the child process that sends, its deadline, and what came of it
child      the one module that imports apprise: a process of its own, told the URLs on standard input
"""
