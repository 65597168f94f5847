//! What a letter says: from whom it is, and the calendars in it. Pure, over hostile bytes.

use mail_parser::{HeaderName, Message, MessageParser, MimeHeaders as _};
use sha2::{Digest as _, Sha256};

use crate::{
    Address, CalendarError,
    error::fenced,
    limits::{CALENDARS_OF_MAIL_MAX, OBJECT_BYTES_MAX},
};

/// A letter with calendars in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    /// Digest of its `Message-ID`; of all of it where it has none.
    pub id: [u8; 32],
    /// Who sent it.
    pub from: Address,
    /// The calendars, at most [`CALENDARS_OF_MAIL_MAX`].
    pub calendars: Vec<String>,
}

/// Reads a letter. None where it holds no calendar, which is most of what comes to a mailbox.
///
/// # Errors
/// [`CalendarError::Unreadable`] for a letter with a calendar that cannot count; the text is for logs.
pub(crate) fn read(bytes: &[u8], vouched_by: Option<&str>) -> Result<Option<Letter>, CalendarError> {
    fenced(|| read_unfenced(bytes, vouched_by))?
}

fn read_unfenced(bytes: &[u8], vouched_by: Option<&str>) -> Result<Option<Letter>, CalendarError> {
    let refused = |reason: &str| Err(CalendarError::Unreadable(reason.to_owned()));
    let Some(message) = MessageParser::default().parse(bytes) else { return Ok(None) };
    let calendars = calendars_of(&message);
    if calendars.is_empty() {
        return Ok(None);
    }
    let Some(from) = sender(&message) else { return refused("the letter is not from one sender") };
    if vouched_by.is_some_and(|judge| !is_vouched(&message, judge)) {
        return refused("nobody vouches for the sender of the letter");
    }
    let id = Sha256::digest(message.message_id().map_or(bytes, str::as_bytes)).into();
    Ok(Some(Letter { id, from, calendars }))
}

/// The calendars that the sender wrote. Those in letters that were forwarded inside this one are somebody else's.
fn calendars_of(message: &Message<'_>) -> Vec<String> {
    let is_calendar = |part: &&mail_parser::MessagePart<'_>| {
        part.is_content_type("text", "calendar") || part.is_content_type("application", "ics")
    };
    let texts = message.parts.iter().filter(is_calendar).filter_map(|part| part.text_contents());
    let texts = texts.filter(|text| text.len() <= OBJECT_BYTES_MAX);
    // Programs send the same calendar as a part and as a file beside it.
    let mut calendars: Vec<String> = Vec::new();
    for text in texts {
        if calendars.len() < CALENDARS_OF_MAIL_MAX && !calendars.iter().any(|known| known == text) {
            calendars.push(text.to_owned());
        }
    }
    calendars
}

/// The one address of the one `From`. Of several nobody could say whose word it is.
fn sender(message: &Message<'_>) -> Option<Address> {
    let mut fields = message.header_values(HeaderName::From);
    let (Some(field), None) = (fields.next(), fields.next()) else { return None };
    let mut addresses = field.as_address()?.iter();
    let (Some(one), None) = (addresses.next(), addresses.next()) else { return None };
    let mailbox = one.address.as_deref()?;
    // Whose domain vouches for it has to be beyond doubt: `guest@partner.example?@evil.example` is nobody here.
    let is_plain = |letter: char| letter.is_alphanumeric() || letter.is_ascii_punctuation();
    let is_odd = |letter: char| matches!(letter, '?' | '"' | '\\' | '<' | '>' | '(' | ')' | ',' | ';' | ':');
    let (local, domain) = mailbox.split_once('@')?;
    let is_mailbox = !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && mailbox.chars().all(|letter| is_plain(letter) && !is_odd(letter));
    is_mailbox.then(|| Address::email(mailbox))
}

/// Whether the mail server says that the sender's own domain vouches for the letter. Its word stands above those that came with
/// the letter, so the first one under its name is its own.
fn is_vouched(message: &Message<'_>, judge: &str) -> bool {
    let raw = message.raw_message();
    let words = message.headers().iter().filter_map(|header| {
        let is_verdict = header.name.as_str().eq_ignore_ascii_case("Authentication-Results");
        let (start, end) =
            (usize::try_from(header.offset_start).ok()?, usize::try_from(header.offset_end).ok()?);
        let text = std::str::from_utf8(raw.get(start..end)?).ok()?;
        is_verdict.then(|| without_asides(text))
    });
    let by_judge = words.into_iter().find_map(|words| {
        let (name, results) = words.split_once(';')?;
        let name = name.split_whitespace().next()?;
        name.eq_ignore_ascii_case(judge).then(|| results.to_owned())
    });
    let passed = |result: &str| {
        let verdict = result.split_whitespace().next().unwrap_or_default();
        verdict.eq_ignore_ascii_case("dmarc=pass")
    };
    by_judge.is_some_and(|results| results.split(';').any(passed))
}

/// A header without what stands in brackets and between quotation marks, which may be the sender's own words: a reason, the address
/// that the letter was sent with. What is not closed goes to the end.
fn without_asides(text: &str) -> String {
    let (mut depth, mut is_quoted) = (0_usize, false);
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if is_quoted || depth > 0 => drop(letters.next()),
            '"' if depth == 0 => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted && depth > 0 => depth -= 1,
            _ if depth == 0 && !is_quoted => kept.push(letter),
            _ => {}
        }
    }
    kept
}
