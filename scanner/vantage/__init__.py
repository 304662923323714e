"""The OUTSIDE: a pipe for packets to a place on the Internet that is not the host's own network.

spec        SPEC text -> typed value
transport   typed value + argv -> the argv that runs it over there (pure)
identity    whose ssh keys, agent and configuration serve under sudo
bootstrap   how the stub reaches the far python3
stub        the far end: one standard-library file, run from memory
session     one live stub: hello, commands out, events in
diagnose    a transport that failed -> what happened and what to do
check       what a place can do, for the owner who considers it
nmap_shim   runs the far nmap as if it were local, for python-nmap
"""
