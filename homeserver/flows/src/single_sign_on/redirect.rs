//! The address of a client: which ones are gone back to, which ones without asking, and how the token is added.
//!
//! [Security considerations](https://spec.matrix.org/v1.19/client-server-api/#security-considerations-4)

use outbound::Url;

use super::{SingleSignOnError, limits::REDIRECT_URL_BYTES_MAX};

/// Schemes that run something or read something in the browser instead of going to a client.
const REFUSED_SCHEMES: [&str; 11] = [
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "ftp",
    "javascript",
    "vbscript",
    "view-source",
    "ws",
];

/// The client's address as it will be used: the parsed form, so that what was checked is what is gone to.
pub(super) fn checked(address: &str) -> Result<Url, SingleSignOnError> {
    if address.len() > REDIRECT_URL_BYTES_MAX {
        return Err(SingleSignOnError::RedirectUrl("it is too long"));
    }
    let url = Url::parse(address).map_err(|_| SingleSignOnError::RedirectUrl("it is no absolute URL"))?;
    if REFUSED_SCHEMES.contains(&url.scheme()) {
        return Err(SingleSignOnError::RedirectUrl("its scheme leads to no client"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SingleSignOnError::RedirectUrl("it holds a user name or password"));
    }
    Ok(url)
}

/// Whether the person need not be asked before the browser goes there.
pub(super) fn is_trusted(url: &Url, trusted: &[String]) -> bool {
    trusted.iter().filter_map(|entry| Url::parse(entry).ok()).any(|entry| is_below(url, &entry))
}

/// Same scheme, same host, same port, and a path below; `…/app` does not cover `…/application`.
fn is_below(url: &Url, entry: &Url) -> bool {
    let same_place = url.scheme() == entry.scheme()
        && url.host_str() == entry.host_str()
        && url.port_or_known_default() == entry.port_or_known_default();
    let Some(rest) = url.path().strip_prefix(entry.path()) else { return false };
    same_place
        && (rest.is_empty()
            || rest.starts_with('/')
            || entry.path().ends_with('/')
            || entry.path().is_empty())
}

/// The address with `loginToken` in its query; a token that was there already is replaced.
pub(super) fn with_token(url: &Url, token: &str) -> String {
    let mut pairs: Vec<&str> = url.query().unwrap_or_default().split('&').collect();
    pairs.retain(|pair| !pair.is_empty() && *pair != "loginToken" && !pair.starts_with("loginToken="));
    let own = format!("loginToken={token}");
    pairs.push(&own);
    let query = pairs.join("&");
    let mut url = url.clone();
    url.set_query(Some(&query));
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_no_client_is_refused() {
        for address in [
            "javascript:alert(1)",
            " javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://example.org/1",
            "view-source:https://example.org",
            "//example.org/",
            "/relative",
            "",
            "https://",
            "https://user:secret@example.org/",
        ] {
            assert!(checked(address).is_err(), "{address:?}");
        }
        assert!(checked(&format!("https://example.org/{}", "a".repeat(5_000))).is_err());
    }

    #[test]
    fn clients_on_the_web_and_on_a_device_are_gone_back_to() {
        for address in [
            "https://element.example.org/#/home",
            "http://localhost:41010/",
            "http://[::1]:41010/",
            "element://vector/webapp/",
            "io.element.desktop:/vector/webapp/",
            "im.fluffychat://login",
        ] {
            assert!(checked(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn trust_covers_one_origin_and_what_lies_below_the_path() {
        let trusted =
            |address: &str, entry: &str| is_trusted(&checked(address).unwrap(), &[entry.to_owned()]);
        for (address, entry, expected) in [
            ("https://a.example.org/x?y#z", "https://a.example.org", true),
            ("https://a.example.org:443/", "https://a.example.org/", true),
            ("https://a.example.org.evil.org/", "https://a.example.org", false),
            ("https://a.example.org:8443/", "https://a.example.org/", false),
            ("http://a.example.org/", "https://a.example.org/", false),
            ("https://a.example.org/app", "https://a.example.org/app", true),
            ("https://a.example.org/app/x", "https://a.example.org/app", true),
            ("https://a.example.org/application", "https://a.example.org/app", false),
            ("https://a.example.org/app/../other", "https://a.example.org/app", false),
            ("https://a.example.org/app/%2e%2e/other", "https://a.example.org/app", false),
            ("element://vector/webapp/", "element://vector", true),
            ("element://vectors/webapp/", "element://vector", false),
            ("io.element.desktop:/vector/webapp/", "io.element.desktop:/vector", true),
            ("io.element.other:/vector/webapp/", "io.element.desktop:/vector", false),
        ] {
            assert_eq!(trusted(address, entry), expected, "{address} by {entry}");
        }
    }

    #[test]
    fn the_token_joins_the_query_and_leaves_the_rest_alone() {
        for (address, expected) in [
            ("https://a.org/", "https://a.org/?loginToken=T"),
            ("https://a.org/?a=1&b=%20", "https://a.org/?a=1&b=%20&loginToken=T"),
            ("https://a.org/#/welcome", "https://a.org/?loginToken=T#/welcome"),
            ("https://a.org/?loginToken=old&a=1", "https://a.org/?a=1&loginToken=T"),
            ("element://vector", "element://vector?loginToken=T"),
        ] {
            assert_eq!(with_token(&checked(address).unwrap(), "T"), expected);
        }
    }
}
