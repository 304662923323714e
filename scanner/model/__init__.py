"""The values every room shares: frozen, standard library only, no I/O.

address    Address, Listener, DefaultRouter, Inventory       what discovery/ found INSIDE
ports      PortSet                                           port sets in nmap's syntax
settings   Profile, Settings                                 what the owner asked for
evidence   Observation, Arrival, PortEvidence, Control, ...  what both sides saw
catalogue  Service, Catalogue                                what must not be reachable, and why
verdict    Verdict                                           the joined truth, one word a port
finding    Severity, Finding                                 what the owner should act on
run        Run                                               the document: what is stored, rendered and exported
errors     ScanError and its children                        the error tree
"""
