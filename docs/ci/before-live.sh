#!/bin/sh
# Before a server goes live: scan it from outside, judge it by the policy, keep what a CI shows.
# Runs as root on the server itself (for example by a self-hosted runner). Exit status 0: it may go live.
#
#   VANTAGE=ssh:scan@vps.example.net sh before-live.sh [policy.toml]
set -u

policy=${1:-policy.toml}
results=${RESULTS:-v6expose-results}
: "${VANTAGE:?say where to look from, for example VANTAGE=ssh:scan@vps.example.net}"

v6expose policy check "$policy" || exit $?
mkdir -p "$results" || exit 4

v6expose checklist "$policy" --vantage "$VANTAGE" --title "before going live" \
  -o junit="$results/checklist.xml" -o sarif="$results/checklist.sarif" -o tap="$results/checklist.tap" \
  -o html="$results/report.html" -o run="$results/run.json"
status=$?

# On GitHub: annotations at the policy's lines, from the same run.
if [ -n "${GITHUB_ACTIONS:-}" ] && [ -e "$results/run.json" ]; then
  v6expose checklist "$policy" --run "$results/run.json" -o github=-
fi

case $status in
  0) echo "Everything is as the policy wants it." ;;
  1) echo "Not yet: something fails." ;;
  3) echo "Not yet: something was not measured, and that is no pass." ;;
  *) echo "The checklist could not be made (exit status $status)." ;;
esac
exit $status
