"""The pre-deployment checklist: a policy in, a list of pass, fail and not measured out."""
