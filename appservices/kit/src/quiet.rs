//! Files that ring at nobody's.
//!
//! A message with a file rings in a direct chat, whomever it mentions: the push rules that everybody has know of no silent file. They
//! are silent about notices and about new versions of messages. So the name of the file goes first, as a notice, and the file is the
//! new version of that notice.

use store::Batch;

use crate::{
    answers::notice,
    letter::{Letter, Outbox, Related, Relation},
};

impl Outbox {
    /// Adds a letter that is a file and rings at nobody's. `under` is the key of the notice that the file takes the place of: of files
    /// with the same one the newest is shown, where the first stood. What the letter refers to, that notice refers to.
    pub fn put_quietly(&self, batch: &mut Batch, letter: Letter, under: &str) {
        let name = letter.attachment.as_ref().map_or("", |file| &file.name);
        let first = Letter::message(under, &letter.bot, letter.to.clone(), notice(name));
        let first = first.secret(letter.is_secret);
        self.put(batch, Letter { relation: letter.relation.clone(), ..first });
        self.put(batch, letter.relating(Relation::Edits(Related::Letter(under.to_owned()))));
    }
}
