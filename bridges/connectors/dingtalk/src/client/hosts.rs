//! Which addresses of the network lead to the platform. Files and session webhooks come as addresses in messages, and whoever
//! could forge one would else make us ask within our own network.

use reqwest::Url;

/// The address, when it has the origin of one of the bases or lies below one of the domains.
pub fn trusted(address: &str, bases: &[&Url], domains: &[String]) -> Option<Url> {
    let url: Url = address.parse().ok()?;
    if bases.iter().any(|base| base.origin() == url.origin()) {
        return Some(url);
    }
    let plain =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    let standard = url.port().is_none();
    let host = url.domain()?.to_ascii_lowercase();
    let below = |domain: &String| {
        let domain = domain.trim_start_matches('.').to_ascii_lowercase();
        !domain.is_empty() && (host == domain || host.ends_with(&format!(".{domain}")))
    };
    (plain && standard && domains.iter().any(below)).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_platform_is_asked() {
        let base: Url = "http://127.0.0.1:8123/x".parse().expect("an address");
        let domains = ["dingtalk.com".to_owned(), ".aliyuncs.com".to_owned()];
        let table = [
            ("https://oapi.dingtalk.com/robot/sendBySession?session=s", true),
            ("http://static.dingtalk.com/a.file", true),
            ("https://x.oss-cn-hangzhou.aliyuncs.com/a.file?Expires=1", true),
            ("http://127.0.0.1:8123/file", true),
            ("http://127.0.0.1:8124/file", false),
            ("http://169.254.169.254/latest", false),
            ("https://evildingtalk.com/a", false),
            ("https://dingtalk.com.evil.example/a", false),
            ("https://a@oapi.dingtalk.com/a", false),
            ("https://oapi.dingtalk.com:8443/a", false),
            ("ftp://oapi.dingtalk.com/a", false),
            ("file:///etc/passwd", false),
            ("nonsense", false),
        ];
        for (address, expected) in table {
            assert_eq!(trusted(address, &[&base], &domains).is_some(), expected, "{address}");
        }
    }
}
