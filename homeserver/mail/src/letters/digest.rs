//! The letter that tells of unread messages.

use super::{Language, Letter, escaped, html, subject};

/// One room with something unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestRoom {
    /// Its name.
    pub name: String,
    /// A link into the room, where there is one.
    pub link: Option<String>,
    /// The unread messages that are shown, oldest first.
    pub messages: Vec<DigestMessage>,
    /// Further ones that are not shown.
    pub more: usize,
}

/// One unread message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestMessage {
    /// Who wrote it.
    pub sender: String,
    /// What it says; none for what the server cannot read or may not send.
    pub text: Option<String>,
}

struct Words {
    subject_one: &'static str,
    subject_many: &'static str,
    intro: &'static str,
    unreadable: &'static str,
    more: &'static str,
    unsubscribe: &'static str,
}

const CHINESE: Words = Words {
    subject_one: "{room} 有未读消息",
    subject_many: "{count} 个房间有未读消息",
    intro: "您在 {server} 有未读消息：",
    unreadable: "发来一条消息",
    more: "另有 {count} 条",
    unsubscribe: "不再接收此类邮件",
};

const ENGLISH: Words = Words {
    subject_one: "Unread messages in {room}",
    subject_many: "Unread messages in {count} rooms",
    intro: "You have unread messages on {server}:",
    unreadable: "sent a message",
    more: "and {count} more",
    unsubscribe: "Stop these letters",
};

/// The letter about these rooms. `unsubscribe` opens a page that ends such letters; `one_click` is the address that
/// mail programs post to by themselves.
#[must_use]
pub fn digest(
    language: Language,
    server: &str,
    rooms: &[DigestRoom],
    unsubscribe_link: Option<&str>,
) -> Letter {
    let words = match language {
        Language::Chinese => &CHINESE,
        Language::English => &ENGLISH,
    };
    let title = match rooms {
        [only] => words.subject_one.replace("{room}", &only.name),
        several => words.subject_many.replace("{count}", &several.len().to_string()),
    };
    let intro = words.intro.replace("{server}", server);
    let (mut text, mut paragraphs) = (format!("{intro}\n"), vec![escaped(&intro)]);
    for room in rooms {
        let (plain, marked) = written(room, words);
        text.push_str(&plain);
        paragraphs.push(marked);
    }
    if let Some(link) = unsubscribe_link {
        text.push_str(&format!("\n--\n{}: {link}\n", words.unsubscribe));
        paragraphs.push(format!("<a href=\"{}\">{}</a>", escaped(link), words.unsubscribe));
    }
    Letter {
        subject: subject(&title),
        text,
        html: html(&paragraphs),
        unsubscribe_link: unsubscribe_link.map(str::to_owned),
    }
}

fn written(room: &DigestRoom, words: &Words) -> (String, String) {
    let mut text = format!("\n{}\n", room.name);
    let mut marked = match &room.link {
        Some(link) => {
            text.push_str(&format!("{link}\n"));
            format!("<b><a href=\"{}\">{}</a></b>", escaped(link), escaped(&room.name))
        }
        None => format!("<b>{}</b>", escaped(&room.name)),
    };
    for message in &room.messages {
        let said = message.text.as_deref().unwrap_or(words.unreadable);
        text.push_str(&format!("  {}: {said}\n", message.sender));
        marked.push_str(&format!("<br>{}: {}", escaped(&message.sender), escaped(said)));
    }
    if room.more > 0 {
        let more = words.more.replace("{count}", &room.more.to_string());
        text.push_str(&format!("  {more}\n"));
        marked.push_str(&format!("<br>{more}"));
    }
    (text, marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> DigestRoom {
        let said = |sender: &str, text: Option<&str>| DigestMessage {
            sender: sender.to_owned(),
            text: text.map(str::to_owned),
        };
        DigestRoom {
            name: name.to_owned(),
            link: Some("https://matrix.to/#/!r:x".to_owned()),
            messages: vec![said("Alice", Some("<script>hello</script>")), said("Bob", None)],
            more: 3,
        }
    }

    #[test]
    fn the_letter_speaks_the_language_of_its_reader() {
        let english = digest(Language::of("en-GB"), "a.example", &[room("Lunch")], Some("https://stop/"));
        assert_eq!(english.subject, "Unread messages in Lunch");
        assert!(english.text.contains("Bob: sent a message") && english.text.contains("and 3 more"));
        let chinese = digest(Language::of("zh_CN"), "a.example", &[room("午饭"), room("b")], None);
        assert_eq!(chinese.subject, "2 个房间有未读消息");
        assert!(chinese.text.contains("另有 3 条") && chinese.unsubscribe_link.is_none());
        assert_eq!(Language::of("ZH"), Language::Chinese);
        assert_eq!(Language::of(""), Language::English);
    }

    #[test]
    fn nothing_that_people_write_becomes_markup_or_a_header() {
        let letter = digest(Language::English, "a.example", &[room("a\r\nBcc: <b>")], Some("https://s/?a&b"));
        assert!(!letter.html.contains("<script>") && !letter.html.contains("<b>Bcc"));
        assert!(!letter.subject.contains(['\r', '\n']));
        assert!(letter.html.contains("https://s/?a&amp;b"));
        let long = digest(Language::English, "a.example", &[room(&"x".repeat(5_000))], None);
        assert!(long.subject.chars().count() <= crate::limits::SUBJECT_CHARACTERS_MAX);
    }
}
