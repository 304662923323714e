"""RFC 6092, simple security: what a home router owes the standard, measured with both sides acting together.

script    what can be said: shots, steps, acts                              (pure)
acts      what is said about an address, question by question               (pure)
gate      what is said to find the home router, and to the router itself    (pure)
timing    how long is waited                                                (pure)
stage     both ends: raw socket and witness inside, pipe and capture outside
play      plays all acts at once, at one pace
seen      what was seen of each shot
facts     the ways to conclude from it                                      (pure)
judge     recommendation by recommendation                                  (pure)
rows      judgements as rows, RFC 7084 and RFC 9099 too                     (pure)
battery   the story
"""
