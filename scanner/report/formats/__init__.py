"""A run for machines, one file a format; scanner/report's FORMATS lists them. Pure values first, then their text.

sarif        code scanning: results at the line of the policy or configuration
junit        test reports: what was not measured is an error, never green
csv          a row a finding, a row a range of ports
markdown     the summary of a CI job
prometheus   node_exporter's textfile collector
ndjson       one JSON object a line, for log pipelines
pdf          findings and ranges on paper (extra ``pdf``)
"""
