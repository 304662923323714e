"""The pre-deployment checklist: a policy in, a list of pass, fail and not measured out. Not measured is never pass.

values      Item, Status, Checklist
scene       what an item is judged by: the policy, the run, and its tables as the rules see them
allowed     what may answer, and what must
ports       everything else that answers
router      does the router drop what the policy does not list
network     the rest of the LAN, ICMPv6, ways through
addressing  which address the host prefers and which one its names lead to
standing    how much the run itself is worth
facts       FACTS: every fact that a policy can require, with its judge
evaluate    policy + run + day -> Checklist
waivers     what the owner accepts until a day, and what has expired
draft       a policy from a run
formats     FORMATS: text, tap, junit, sarif, github, json

docs/checklist.md has the owner's view.
"""
