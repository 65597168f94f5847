//! Which addresses of the network lead to the platform. Files come as addresses in messages, and whoever could forge one would
//! else make us ask within our own network.

use reqwest::Url;

/// The address, when it has the origin of the API or lies below one of the hosts.
pub fn trusted(address: &str, base: &Url, hosts: &[String]) -> Option<Url> {
    let url: Url = address.parse().ok()?;
    let same = |other: &Url| other.origin() == url.origin();
    let named = |host: &String| host.contains("://") && host.parse().is_ok_and(|other: Url| same(&other));
    if same(base) || hosts.iter().any(named) {
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
    (plain && standard && hosts.iter().any(below)).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_platform_is_asked() {
        let base: Url = "https://qyapi.weixin.qq.com".parse().expect("an address");
        let hosts = ["myqcloud.com".to_owned(), "http://127.0.0.1:8123".to_owned()];
        let table = [
            ("https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=c", true),
            ("https://ww-aibot-img-1.cos.ap-guangzhou.myqcloud.com/a?sign=b", true),
            ("http://127.0.0.1:8123/file", true),
            ("http://127.0.0.1:8124/file", false),
            ("http://169.254.169.254/latest", false),
            ("https://evilmyqcloud.com/a", false),
            ("https://myqcloud.com.evil.example/a", false),
            ("https://a@x.myqcloud.com/a", false),
            ("https://x.myqcloud.com:8443/a", false),
            ("file:///etc/passwd", false),
            ("nonsense", false),
        ];
        for (address, expected) in table {
            assert_eq!(trusted(address, &base, &hosts).is_some(), expected, "{address}");
        }
    }
}
