//! Names of people from elsewhere: harmless, short, and never to be taken for those of colleagues here.

use std::sync::LazyLock;

use bridge_api::{Language, Network, PersonId, Words, limits::NAME_CHARACTERS_MAX, words};
use ruma::{OwnedUserId, ServerName, UserId};
use sha2::{Digest as _, Sha256};

use crate::alike::Seen;

words! {
    EXTERNAL = "外部" | "external";
    NAMESAKE = "与同事同名" | "named like a colleague";
    NAMESAKE_OF_MEMBER = "与此处成员同名" | "named like a member here";
}

/// Characters of a name that are looked at.
const TAMED_CHARACTERS_MAX: usize = 2 * NAME_CHARACTERS_MAX;
/// Longest local part in bytes; with the longest server name an id has 255.
const LOCALPART_BYTES_MAX: usize = 100;

/// What people use to make others believe that a bridge or the server had written it.
const CLAIMS: [&str; 12] = [
    "外部",
    "飞书",
    "钉钉",
    "企业微信",
    "feishu",
    "dingtalk",
    "wecom",
    "external",
    NAMESAKE.zh,
    NAMESAKE.en,
    NAMESAKE_OF_MEMBER.zh,
    NAMESAKE_OF_MEMBER.en,
];

/// The same, as people see it.
static CLAIMS_SEEN: LazyLock<Vec<Seen>> = LazyLock::new(|| CLAIMS.map(Seen::of).into());

/// Begins something in brackets, of any width and form.
const OPENS: &str = "(（[［{｛【〔〖〈《「『<＜❨﹙⦅";
/// Ends it.
const CLOSES: &str = ")）]］}｝】〕〗〉》」』>＞❩﹚⦆";
/// Sets a word apart from a name.
const APART: &str = "-－–—_＿·・•|｜/／:：,，;；~～+＋";

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
    let shown = shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut shown: String = shown.chars().take(TAMED_CHARACTERS_MAX).collect();
    while let Some(shorter) = without_claim(&shown) {
        shown = shorter;
    }
    let shown = shown.trim_start_matches(['@', '＠']).trim();
    shown.chars().take(NAME_CHARACTERS_MAX / 2).collect()
}

/// The name without a claim in brackets at its end, whether or not these are closed.
fn without_claim(name: &str) -> Option<String> {
    let end = name.trim_end();
    let inner = end.strip_suffix(|c: char| CLOSES.contains(c)).unwrap_or(end);
    let (open, bracket) = inner.char_indices().rfind(|(_, c)| OPENS.contains(*c))?;
    let claim = &inner[open + bracket.len_utf8()..];
    // What stands behind closed brackets is no claim in them.
    let is_inside = !claim.contains(|c: char| CLOSES.contains(c));
    (is_inside && holds_claim(claim)).then(|| inner[..open].trim_end().to_owned())
}

/// A person's name, tamed, which says nowhere where they are, also not before it or behind a dash: only the bridge says that.
pub(crate) fn modest(name: &str) -> String {
    let mut shown = tamed(name);
    while let Some(shorter) = without_claim(&shown).or_else(|| without_boast(&shown)) {
        shown = tamed(&shorter);
    }
    shown
}

/// The name without a claim in brackets somewhere in it, or beside it and set apart.
fn without_boast(name: &str) -> Option<String> {
    for (open, bracket) in name.char_indices().filter(|(_, c)| OPENS.contains(*c)) {
        let behind = open + bracket.len_utf8();
        let Some((length, close)) = name[behind..].char_indices().find(|(_, c)| CLOSES.contains(*c)) else {
            continue;
        };
        if holds_claim(&name[behind..behind + length]) {
            let rest = &name[behind + length + close.len_utf8()..];
            return Some(format!("{} {}", &name[..open], rest));
        }
    }
    let is_apart = |c: char| APART.contains(c);
    let beside = [
        name.rsplit_once(is_apart).map(|(rest, word)| (rest, word, false)),
        name.split_once(is_apart).map(|(word, rest)| (rest, word, false)),
        name.rsplit_once(' ').map(|(rest, word)| (rest, word, true)),
        name.split_once(' ').map(|(word, rest)| (rest, word, true)),
    ];
    let boasts = |word: &str, is_spaced: bool| {
        let seen = Seen::of(word);
        let mut claims = CLAIMS.iter().zip(CLAIMS_SEEN.iter());
        // A given name may be spelt like a platform.
        claims.any(|(claim, known)| {
            seen.looks_like(known) && !(is_spaced && claim.is_ascii() && *claim != "external")
        })
    };
    let mut beside = beside.into_iter().flatten();
    beside.find(|&(_, word, is_spaced)| boasts(word, is_spaced)).map(|(rest, ..)| rest.to_owned())
}

fn holds_claim(text: &str) -> bool {
    let seen = Seen::of(text);
    CLAIMS_SEEN.iter().any(|claim| seen.holds(claim))
}

/// What the bridge says of somebody behind their name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// They are of another company.
    pub external: bool,
    /// They are called like somebody else.
    pub namesake: Option<Namesake>,
}

/// Like whom somebody is called, who is not that person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namesake {
    /// A colleague of the staff list.
    Colleague,
    /// A member of a bound room.
    Member,
}

impl Namesake {
    const fn words(self) -> Words {
        match self {
            Self::Colleague => NAMESAKE,
            Self::Member => NAMESAKE_OF_MEMBER,
        }
    }
}

/// The name that a person of a platform has in rooms: theirs, with where they are behind it and whatever has to be known of them.
pub(crate) fn ghost_name(network: Network, name: &str, marks: Marks, language: Language) -> String {
    let name = modest(name);
    let name = if name.is_empty() { "?".to_owned() } else { name };
    let said = [
        Some(network.name().of(language)),
        marks.external.then(|| EXTERNAL.of(language)),
        marks.namesake.map(|like| like.words().of(language)),
    ];
    said.into_iter().flatten().fold(name, |name, mark| match language {
        Language::Zh => format!("{name}（{mark}）"),
        Language::En => format!("{name} ({mark})"),
    })
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
    }

    #[test]
    fn nobody_says_by_letters_that_look_the_same_where_they_are() {
        for (name, shown) in [
            ("张三（ｅxternal）", "张三"),
            ("张三(ехternаl)", "张三"),
            ("张三（EXTERNAI", "张三"),
            ("张三（外部", "张三"),
            ("张三-外部", "张三"),
            ("张三 外部", "张三"),
            ("张三｜飞书｜外部", "张三"),
            ("[外部] 张三", "张三"),
            ("外部·张三", "张三"),
            ("张三［钉钉］经理", "张三 经理"),
            ("Li ехternal", "Li"),
            ("Li - Feishu", "Li"),
            ("Li Feishu", "Li Feishu"),
            ("张三（与同事同名）", "张三"),
            ("Li (named like a member here)", "Li"),
            ("李飞书", "李飞书"),
            ("Anna-Maria", "Anna-Maria"),
            ("张三（产品部）", "张三（产品部）"),
            ("外部", "外部"),
        ] {
            assert_eq!(modest(name), shown, "{name}");
        }
    }

    #[test]
    fn names_of_files_and_rooms_keep_what_only_people_may_not_say() {
        for name in ["[外部] 项目", "报价-外部.pdf", "报价（飞书版）.pdf"] {
            assert_eq!(tamed(name), name);
        }
    }

    #[test]
    fn what_has_to_be_known_of_somebody_stands_behind_their_name() {
        let marks = |external, namesake| Marks { external, namesake };
        let colleague = Some(Namesake::Colleague);
        for (name, marks, language, shown) in [
            ("Li", marks(false, None), Language::En, "Li (Feishu)"),
            ("Li (external)", marks(false, None), Language::En, "Li (Feishu)"),
            ("Li", marks(true, None), Language::En, "Li (Feishu) (external)"),
            ("", marks(true, None), Language::Zh, "?（飞书）（外部）"),
            ("张三", marks(true, colleague), Language::Zh, "张三（飞书）（外部）（与同事同名）"),
            (
                "Li",
                marks(false, Some(Namesake::Member)),
                Language::En,
                "Li (Feishu) (named like a member here)",
            ),
        ] {
            let given = ghost_name(Network::Feishu, name, marks, language);
            assert_eq!(given, shown);
            let bare = if name.is_empty() { "?".to_owned() } else { modest(name) };
            assert_eq!(tamed(&given), bare, "the marks come off again");
        }
    }
}
