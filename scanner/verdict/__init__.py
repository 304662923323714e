"""Pure: both sides joined.

table           the decision table, one literal table, tested cell by cell
confidence      how sure: loss bounds and the probability of a false "blocked"
judge           a whole measurement -> port tables of the run document
second_opinion  where nmap and the sweep disagree
"""
