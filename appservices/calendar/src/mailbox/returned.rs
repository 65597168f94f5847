//! Letters of ours that came back: the report says that one could not be delivered, and has its head with it (RFC 3464).

use async_trait::async_trait;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _};
use store::Batch;

use crate::{Refused, error::fenced};

/// Whoever is told of letters that came back.
#[async_trait]
pub trait Returns: Send + Sync {
    /// The letter of this name came back for good: the part of its message id before the `@`. What is put into `batch` is committed
    /// with the fact that it was read. Anybody who has seen the letter could say so.
    ///
    /// # Errors
    /// [`Refused`] leaves everything as it was: nothing of what was put into `batch` is committed. With [`Refused::ByRule`] the letter
    /// counts as read, with [`Refused::Store`] it is read again.
    async fn returned(&self, name: &str, batch: &mut Batch) -> Result<(), Refused>;
}

/// The name of the letter that a report is about. None where nothing failed for good, which is most of what comes to a mailbox.
pub(super) fn returned(bytes: &[u8]) -> Option<String> {
    fenced(|| {
        let message = MessageParser::default().parse(bytes)?;
        message.parts.iter().any(has_failed).then(|| message.parts.iter().find_map(name_of))?
    })
    .ok()?
}

/// Whether a part says that a letter was given up.
fn has_failed(part: &MessagePart<'_>) -> bool {
    if !part.is_content_type("message", "delivery-status") {
        return false;
    }
    let text = String::from_utf8_lossy(part.contents());
    text.lines().filter_map(|line| line.split_once(':')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("action") && value.trim().eq_ignore_ascii_case("failed")
    })
}

/// The name of the letter that a part returns, whole or its head alone.
fn name_of(part: &MessagePart<'_>) -> Option<String> {
    let name = |message: &Message<'_>| {
        message.message_id().and_then(|id| id.split_once('@')).map(|(name, _)| name.to_owned())
    };
    if let Some(message) = part.message() {
        return name(message);
    }
    let is_head = part.is_content_type("text", "rfc822-headers")
        || part.is_content_type("message", "rfc822-headers")
        || part.is_content_type("message", "global-headers");
    let head = is_head.then(|| MessageParser::default().parse_headers(part.contents())).flatten();
    head.as_ref().and_then(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(action: &str, returned: &str) -> Vec<u8> {
        format!(
            "From: MAILER-DAEMON@mx.corp.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.corp.example\r\n\r\n\
             Final-Recipient: rfc822; li@corp.example\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n\
             --b\r\n{returned}\r\n--b--\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn a_report_names_the_letter_that_came_back_for_good() {
        let head = "Message-ID: <abc@corp.example>\r\nSubject: x\r\n";
        let whole = format!("Content-Type: message/rfc822\r\n\r\n{head}\r\nhello");
        let head = format!("Content-Type: text/rfc822-headers\r\n\r\n{head}");
        for (action, returned_part, name) in [
            ("failed", whole.as_str(), Some("abc")),
            ("Failed", head.as_str(), Some("abc")),
            ("delayed", whole.as_str(), None),
            ("failed", "Content-Type: text/plain\r\n\r\nMessage-ID: <abc@corp.example>", None),
        ] {
            assert_eq!(returned(&report(action, returned_part)).as_deref(), name, "{action} {returned_part}");
        }
        let forwarded = format!("From: a@b.example\r\n{whole}");
        assert_eq!(returned(forwarded.as_bytes()), None, "a letter that was passed on did not come back");
        assert_eq!(returned(&[0xff; 4096]), None);
    }
}
