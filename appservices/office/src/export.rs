//! A case as a file for `lianqiao verify`.

use cases::{Cases, CasesError, Export, Exported};
use kit::{Attachment, Letter, To, message, texts::Pen};
use ruma::UserId;

/// The text of an export with one case.
///
/// # Errors
/// [`CasesError::Form`] for what has no canonical form.
pub fn export_of(cases: &Cases, exported: &Exported) -> Result<String, CasesError> {
    let mut export = Export::begin(&cases.keys(), cases.signer().handovers(), 1)?;
    export.case(exported)?;
    Ok(export.finish(cases.signer())?)
}

/// An export as a letter to somebody in their direct chat: by which bot and under which key, of which number and with which text.
#[must_use]
pub fn export_letter(
    (bot, key): (&str, String),
    to: &UserId,
    (no, text): (&str, String),
    pen: Pen<'_>,
) -> Letter {
    let mut content = message(&pen.say("export.name", &[("no", no)]), &[]);
    content["msgtype"] = serde_json::json!("m.file");
    let attachment = Attachment {
        name: format!("{no}.jsonl"),
        mimetype: "application/jsonl".to_owned(),
        bytes: text.into_bytes(),
    };
    let letter = Letter::message(key, bot, To::Direct(to.to_owned()), content);
    Letter { attachment: Some(attachment), ..letter }
}
