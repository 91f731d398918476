# The tools' reports as counts, which security.yaml judges.
def count(severity; field): map(select(field | ascii_downcase == severity)) | length;
def severities(name; field): {
  "\(name)_high": count("high"; field), "\(name)_medium": count("medium"; field), "\(name)_low": count("low"; field)
};

[$dependencies[0].dependencies[] | select(.vulns).vulns[]] as $vulnerabilities
| {
    vulnerabilities_with_a_fix: [$vulnerabilities[] | select(.fix_versions != [])] | length,
    vulnerabilities_without_a_fix: [$vulnerabilities[] | select(.fix_versions == [])] | length,
    dependencies_not_looked_at: [$dependencies[0].dependencies[] | select(.skip_reason)] | length,
    code_not_looked_at: $code[0].errors | length,
    secrets: [$secrets[0].results[][]] | length,
    workflow_errors: $syntax[0] | length
  }
  + ($code[0].results | severities("code"; .issue_severity))
  + ($workflows[0] | severities("workflow"; .determinations.severity))
