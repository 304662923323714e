"""Scheduled scans: systemd service and timer, cron line, and the watch that rescans after a change."""
