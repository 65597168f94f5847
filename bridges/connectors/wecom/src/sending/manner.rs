//! As which kind of message a text goes to each place, and how it is written there. Pure.

use bridge_api::RichText;

use crate::{
    ids::Place,
    limits::{APP_TEXT_BYTES_MAX, BOT_MARKDOWN_BYTES_MAX, WEBHOOK_MARKDOWN_BYTES_MAX},
    written::{Form, Manner},
};

/// As which kind of message a text goes, and how it is written there. Whoever addresses people wants them to be told, so that
/// counts more than formatting where a place cannot do both.
pub(super) fn manner(place: Place<'_>, text: &RichText, addressed: &[String]) -> (&'static str, Manner) {
    let of = |form, addresses, bytes_max| Manner { form, addresses, bytes_max };
    let plain = text.is_unformatted();
    match place {
        Place::BotGroup(_) | Place::BotDirect(_) => {
            ("markdown", of(Form::Full, false, BOT_MARKDOWN_BYTES_MAX))
        }
        Place::Direct(_) | Place::Chat(_) if plain => ("text", of(Form::Words, false, APP_TEXT_BYTES_MAX)),
        Place::Chat(_) if !addressed.is_empty() => ("text", of(Form::Words, false, APP_TEXT_BYTES_MAX)),
        Place::Direct(_) | Place::Chat(_) => ("markdown", of(Form::Small, false, APP_TEXT_BYTES_MAX)),
        Place::Webhook(_) if plain || addressed.iter().any(|user| user == "@all") => {
            ("text", of(Form::Words, false, APP_TEXT_BYTES_MAX))
        }
        Place::Webhook(_) if !addressed.is_empty() => {
            ("markdown", of(Form::Small, true, WEBHOOK_MARKDOWN_BYTES_MAX))
        }
        Place::Webhook(_) => ("markdown_v2", of(Form::Full, false, WEBHOOK_MARKDOWN_BYTES_MAX)),
        // Customers see words alone; in the archive nothing is said, whatever its form.
        Place::Service { .. } | Place::Archived(_) => ("text", of(Form::Words, false, APP_TEXT_BYTES_MAX)),
    }
}
