//! Names of people from elsewhere: harmless, short, and never to be taken for those of colleagues here.

use bridge_api::{Language, Network, PersonId, limits::NAME_CHARACTERS_MAX};
use ruma::{OwnedUserId, ServerName, UserId};
use sha2::{Digest as _, Sha256};

/// Longest local part in bytes; with the longest server name an id has 255.
const LOCALPART_BYTES_MAX: usize = 100;

/// What people use to make others believe that a bridge or the server had written it.
const CLAIMS: [&str; 8] = ["外部", "飞书", "钉钉", "企业微信", "feishu", "dingtalk", "wecom", "external"];

/// The Matrix account of a person of a platform. The same for ever.
pub(crate) fn ghost_of(network: Network, person: &PersonId, server: &ServerName) -> Option<OwnedUserId> {
    let mut local = network.ghost_prefix().to_owned();
    for byte in person.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/' => local.push(char::from(byte)),
            _ => local.push_str(&format!("={byte:02x}")),
        }
    }
    if local.len() > LOCALPART_BYTES_MAX {
        local = format!("{}h={}", network.ghost_prefix(), hex(&Sha256::digest(person.as_str())));
    }
    UserId::parse(format!("@{local}:{server}")).ok()
}

/// Whether a local part is one of a person of any platform.
pub(crate) fn is_ghost(user: &UserId, server: &ServerName) -> bool {
    user.server_name() == server
        && Network::ALL.iter().any(|network| user.localpart().starts_with(network.ghost_prefix()))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name without what only deceives: invisible and turning characters, line breaks, a sign of mentions at its beginning,
/// claims in brackets at its end, length.
pub(crate) fn tamed(name: &str) -> String {
    let visible = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{00ad}' | '\u{115f}' | '\u{1160}' | '\u{3164}')
    };
    let shown: String =
        name.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(visible).collect();
    let mut shown = shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    while let Some(shorter) = without_claim(&shown) {
        shown = shorter;
    }
    let shown = shown.trim_start_matches(['@', '＠']).trim();
    shown.chars().take(NAME_CHARACTERS_MAX / 2).collect()
}

/// The name without a claim in brackets at its end.
fn without_claim(name: &str) -> Option<String> {
    let end = name.trim_end();
    let inner = end.strip_suffix([')', '）', ']', '】', '〕'])?;
    let open = inner.rfind(['(', '（', '[', '【', '〔'])?;
    let claim: String =
        inner[open..].chars().skip(1).filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    CLAIMS.iter().any(|known| claim.contains(known)).then(|| inner[..open].trim_end().to_owned())
}

/// The name that a person of a platform has in rooms: theirs, with where they are behind it.
pub(crate) fn ghost_name(network: Network, name: &str, external: bool, language: Language) -> String {
    let name = tamed(name);
    let name = if name.is_empty() { "?".to_owned() } else { name };
    let network = network.name().of(language);
    match (language, external) {
        (Language::Zh, false) => format!("{name}（{network}）"),
        (Language::Zh, true) => format!("{name}（{network}，外部）"),
        (Language::En, false) => format!("{name} ({network})"),
        (Language::En, true) => format!("{name} ({network}, external)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_holds_its_person() {
        let server = <&ServerName>::try_from("test").expect("valid");
        let ghost =
            |id: &str| ghost_of(Network::Feishu, &PersonId::new(id).expect("valid"), server).expect("valid");
        assert_eq!(ghost("on_1a").as_str(), "@fs_on_1a:test");
        assert_eq!(ghost("On_A=").as_str(), "@fs_=4fn_=41=3d:test");
        assert_ne!(ghost("A"), ghost("a"));
        assert!(ghost(&"界".repeat(80)).localpart().len() <= 100);
        assert!(is_ghost(&ghost("x"), server));
        assert!(!is_ghost(<&UserId>::try_from("@li:test").expect("valid"), server));
        assert!(!is_ghost(<&UserId>::try_from("@fs_x:other").expect("valid"), server));
    }

    #[test]
    fn names_cannot_claim_what_only_the_bridge_says() {
        for (name, shown) in [
            ("张三", "张三"),
            ("张三（飞书）", "张三"),
            ("张三 (Fei shu) （外部）", "张三"),
            ("张三（产品部）", "张三（产品部）"),
            ("@room", "room"),
            ("a\u{202e}b\u{200b}\n c", "ab c"),
            ("（外部）", ""),
        ] {
            assert_eq!(tamed(name), shown, "{name}");
        }
        assert!(tamed(&"长".repeat(1_000)).chars().count() <= 60);
        assert_eq!(ghost_name(Network::Feishu, "", true, Language::Zh), "?（飞书，外部）");
        assert_eq!(ghost_name(Network::Feishu, "Li", false, Language::En), "Li (Feishu)");
    }
}
