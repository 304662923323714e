"""Scans by the clock and after a change of address. docs/schedule.md tells it to users.

every     ``--every 6h|daily|CALENDAR`` -> what systemd and cron call it
job       what is to run, as whom: checked before anything is written
units     a job -> the text of its systemd units, or its cron line
install   units onto disk and into systemd; what is installed; away again
lock      one scan of this host at a time
watch     the host's addresses changed: scan again, once they have settled
"""
