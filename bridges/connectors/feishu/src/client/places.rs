//! Where the platform keeps pictures. Their addresses come from answers, and an answer is not to send us anywhere.

use reqwest::Url;

/// Domains below which Feishu and Lark keep pictures.
const DOMAINS: [&str; 8] = [
    "feishu.cn",
    "feishucdn.com",
    "larksuite.com",
    "larksuitecdn.com",
    "larkoffice.com",
    "byteimg.com",
    "pstatp.com",
    "bytegoofy.com",
];

/// Whether an address is at the platform that `base` is of: there itself, or where Feishu and Lark keep pictures.
pub fn is_of_platform(base: &Url, address: &Url) -> bool {
    if address.origin() == base.origin() {
        return true;
    }
    let Some(host) = address.domain() else { return false };
    let below =
        |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    address.scheme() == "https" && address.port().is_none() && DOMAINS.iter().any(|domain| below(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_platforms_own_places_are_asked() {
        let table = [
            ("https://open.feishu.cn", "https://s1-imfile.feishucdn.com/a.png", true),
            ("https://open.feishu.cn", "https://open.feishu.cn/a.png", true),
            ("https://open.feishu.cn", "http://s1-imfile.feishucdn.com/a.png", false),
            ("https://open.feishu.cn", "https://evilfeishucdn.com/a.png", false),
            ("https://open.feishu.cn", "https://feishucdn.com:8443/a.png", false),
            ("https://open.feishu.cn", "https://127.0.0.1/a.png", false),
            ("https://open.feishu.cn", "file:///etc/passwd", false),
            ("http://127.0.0.1:9", "http://127.0.0.1:9/avatar/1", true),
            ("http://127.0.0.1:9", "http://127.0.0.1:8008/_matrix", false),
        ];
        for (base, address, expected) in table {
            let (base, address) = (base.parse().expect("a base"), address.parse().expect("an address"));
            assert_eq!(is_of_platform(&base, &address), expected, "{address}");
        }
    }
}
