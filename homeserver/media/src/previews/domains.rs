//! Which domains are previewed.

use outbound::Url;

use crate::PreviewSettings;

/// The operator's two lists. A domain stands for itself and every name below it; deny beats allow.
#[derive(Clone, Debug)]
pub(crate) struct DomainRules {
    allowed: Vec<String>,
    denied: Vec<String>,
}

impl DomainRules {
    pub fn new(settings: &PreviewSettings) -> Self {
        let normal = |domains: &[String]| domains.iter().map(|domain| normal(domain)).collect();
        Self { allowed: normal(&settings.allowed_domains), denied: normal(&settings.denied_domains) }
    }

    /// Whether a URL may be asked for; one without host never.
    pub fn allow(&self, url: &Url) -> bool {
        let Some(host) = url.host_str().map(normal).filter(|host| !host.is_empty()) else { return false };
        let covered = |domains: &[String]| domains.iter().any(|domain| covers(domain, &host));
        !covered(&self.denied) && (self.allowed.is_empty() || covered(&self.allowed))
    }
}

/// Whether `host` is the domain or lies below it.
fn covers(domain: &str, host: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

fn normal(domain: &str) -> String {
    let domain = domain.trim().trim_start_matches("*.");
    domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t18_a_domain_rule_works_both_ways_and_deny_beats_allow() {
        let cases: &[(&[&str], &[&str], &str, bool)] = &[
            (&[], &[], "https://anything.org/", true),
            (&[], &["example.org"], "https://example.org/", false),
            (&[], &["example.org"], "https://www.example.org/", false),
            (&[], &["example.org"], "https://EXAMPLE.ORG./x", false),
            (&[], &["example.org"], "https://notexample.org/", true),
            (&[], &["www.example.org"], "https://example.org/", true),
            (&["example.org"], &[], "https://example.org/", true),
            (&["example.org"], &[], "https://a.b.example.org/", true),
            (&["example.org"], &[], "https://example.org.evil.net/", false),
            (&["example.org"], &[], "https://evilexample.org/", false),
            (&["www.example.org"], &[], "https://example.org/", false),
            (&["example.org"], &["secret.example.org"], "https://secret.example.org/", false),
            (&["example.org"], &["secret.example.org"], "https://open.example.org/", true),
            (&["secret.example.org"], &["example.org"], "https://secret.example.org/", false),
            (&["*.example.org"], &[], "https://www.example.org/", true),
            (&["192.0.2.1"], &[], "http://192.0.2.1/", true),
            (&["192.0.2.1"], &[], "http://192.0.2.11/", false),
        ];
        for (allowed, denied, url, expected) in cases {
            let list = |domains: &[&str]| domains.iter().map(|&domain| domain.to_owned()).collect();
            let (allowed_domains, denied_domains) = (list(allowed), list(denied));
            let rules =
                DomainRules::new(&PreviewSettings { allowed_domains, denied_domains, ..Default::default() });
            assert_eq!(rules.allow(&Url::parse(url).unwrap()), *expected, "{allowed:?} {denied:?} {url}");
        }
    }
}
