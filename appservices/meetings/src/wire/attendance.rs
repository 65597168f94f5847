//! Everybody who is asked to a meeting, as a file.

use cases::Case;
use kit::{Attachment, Letter, Related, Relation, To};
use serde_json::json;
use store::Batch;

use super::{LOCALPART, Meetings};
use crate::{
    card::{shown_name, sign},
    desk::World,
    meeting::Meeting,
};

impl Meetings {
    /// Everybody who is asked, as a file that rings at nobody's: a card has no room for them.
    pub(crate) fn list_people(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        key: &str,
        to: To,
        world: &World<'_>,
    ) {
        let instance = case.data.round.as_ref().map(|round| round.id);
        let lines = case.data.people().map(|one| {
            let name = shown_name(&one.address, &one.name, world);
            format!(
                "{}\t{}\t{}\n",
                sign(case.data.answer(one, instance)),
                plain(&name),
                plain(&one.address.to_string())
            )
        });
        let file = Attachment {
            name: format!("{}.tsv", case.no),
            mimetype: "text/tab-separated-values".to_owned(),
            bytes: lines.collect::<String>().into_bytes(),
        };
        let content = json!({ "msgtype": "m.file", "body": file.name, "m.mentions": {} });
        let name = format!("mf/{}/{}", case.id, case.rev);
        let letter = Letter::message(format!("{name}/file"), LOCALPART, to, content);
        let letter = letter.relating(Relation::Thread(Related::Letter(key.to_owned())));
        self.kit().outbox().put_quietly(batch, Letter { attachment: Some(file), ..letter }, &name);
    }
}

/// A field of a line of a file.
fn plain(text: &str) -> String {
    text.replace(['\t', '\n', '\r'], " ")
}
