//! Reactions: the platform's closed list of names against Unicode.

/// Unicode and the platform's name, the most usual Unicode first for names that several stand for.
const NAMES: [(&str, &str); 92] = [
    ("👍", "THUMBSUP"),
    ("👎", "ThumbsDown"),
    ("👌", "OK"),
    ("🆗", "OK"),
    ("🙏", "THANKS"),
    ("💪", "MUSCLE"),
    ("🫰", "FINGERHEART"),
    ("👏", "APPLAUSE"),
    ("🙌", "CLAP"),
    ("👊", "FISTBUMP"),
    ("🤜", "FISTBUMP"),
    ("⛽", "JIAYI"),
    ("☑", "DONE"),
    ("🙂", "SMILE"),
    ("😊", "BLUSH"),
    ("😄", "LAUGH"),
    ("😁", "LAUGH"),
    ("😀", "LAUGH"),
    ("😏", "SMIRK"),
    ("😂", "LOL"),
    ("🤣", "LOL"),
    ("🤦", "FACEPALM"),
    ("😍", "LOVE"),
    ("😉", "WINK"),
    ("😎", "PROUD"),
    ("🤓", "SMART"),
    ("🤔", "THINKING"),
    ("😭", "SOB"),
    ("😢", "CRY"),
    ("❗", "ERROR"),
    ("😠", "ANGRY"),
    ("😡", "ANGRY"),
    ("😮", "WOW"),
    ("😲", "WOW"),
    ("✌", "YEAH"),
    ("🥲", "TEARS"),
    ("😘", "KISS"),
    ("😗", "KISS"),
    ("🤗", "HUG"),
    ("🥇", "PRAISE"),
    ("☺", "SHY"),
    ("😳", "SHY"),
    ("😵", "DIZZY"),
    ("😱", "SHOCKED"),
    ("💀", "SKULL"),
    ("☠", "SKULL"),
    ("😅", "SWEAT"),
    ("😓", "SWEAT"),
    ("😶", "SPEECHLESS"),
    ("😑", "SPEECHLESS"),
    ("😴", "SLEEP"),
    ("💤", "SLEEP"),
    ("🥱", "YAWN"),
    ("🤒", "SICK"),
    ("😷", "SICK"),
    ("🤮", "PUKE"),
    ("🤢", "PUKE"),
    ("⌨", "Typing"),
    ("🫡", "SALUTE"),
    ("🤝", "SHAKE"),
    ("✋", "HIGHFIVE"),
    ("🖐", "HIGHFIVE"),
    ("❤", "HEART"),
    ("💔", "HEARTBROKEN"),
    ("🎉", "PARTY"),
    ("🎊", "PARTY"),
    ("🌹", "ROSE"),
    ("🍺", "BEER"),
    ("🍻", "BEER"),
    ("🎂", "CAKE"),
    ("🍰", "CAKE"),
    ("🎁", "GIFT"),
    ("☕", "Coffee"),
    ("✅", "CheckMark"),
    ("✔", "CheckMark"),
    ("❌", "CrossMark"),
    ("✖", "CrossMark"),
    ("➖", "MinusOne"),
    ("💯", "Hundred"),
    ("📌", "Pin"),
    ("⏰", "Alarm"),
    ("📢", "Loudspeaker"),
    ("📣", "Loudspeaker"),
    ("🏆", "Trophy"),
    ("🔥", "Fire"),
    ("💣", "BOMB"),
    ("🎵", "Music"),
    ("🎆", "FIREWORKS"),
    ("🧧", "REDPACKET"),
    ("💩", "POOP"),
    ("🤷", "Shrug"),
    ("🥳", "Partying"),
];

/// The platform's name of an emoji, whatever its skin and its variation; nothing when it has none.
pub fn name_of(emoji: &str) -> Option<&'static str> {
    let plain: String = emoji.chars().filter(|sign| !is_variation(*sign)).collect();
    // A man or a woman shrugging is somebody shrugging.
    let first = plain.split('\u{200d}').next().unwrap_or_default();
    NAMES.iter().find(|(known, _)| *known == first).map(|(_, name)| *name)
}

/// The emoji of a name; the name in brackets when Unicode has nothing for it.
pub fn emoji_of(name: &str) -> String {
    let known = NAMES.iter().find(|(_, known)| *known == name).map(|(emoji, _)| (*emoji).to_owned());
    known.unwrap_or_else(|| {
        let plain: String =
            name.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '_').take(40).collect();
        format!("[{plain}]")
    })
}

fn is_variation(sign: char) -> bool {
    matches!(sign, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_and_names_find_each_other() {
        let table = [
            ("👍", Some("THUMBSUP")),
            ("👍🏽", Some("THUMBSUP")),
            ("❤️", Some("HEART")),
            ("❤", Some("HEART")),
            ("🤷‍♀️", Some("Shrug")),
            ("🦀", None),
            ("", None),
        ];
        for (emoji, expected) in table {
            assert_eq!(name_of(emoji), expected, "{emoji}");
        }
        for (name, expected) in [("THUMBSUP", "👍"), ("OK", "👌"), ("LGTM", "[LGTM]"), ("a]b\n", "[ab]")]
        {
            assert_eq!(emoji_of(name), expected, "{name}");
        }
    }

    #[test]
    fn what_comes_can_go_back() {
        for (_, name) in NAMES {
            assert_eq!(name_of(&emoji_of(name)), Some(name));
        }
    }
}
