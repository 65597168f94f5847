//! The fields of a document.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};

use crate::text::TOKENIZER_NAME;

/// Raised with every change of fields or words: an index of another number is made anew.
pub(super) const SCHEMA_NUMBER: u32 = 1;

/// The fields by handle. Texts are not stored: events are read from the store by their number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// The number of the event that is found.
    pub event: Field,
    /// The room.
    pub room: Field,
    /// The number of the event that the text is from: the event itself, or its newest edit.
    pub source: Field,
    /// Hash of the sender.
    pub sender: Field,
    /// The time in ms that the sender claims.
    pub time: Field,
    /// What the text is, and whether the event has a URL.
    pub kind: Field,
    /// The words.
    pub text: Field,
}

pub(super) const ROOM: &str = "room";
pub(super) const EVENT: &str = "event";
pub(super) const SOURCE: &str = "source";
pub(super) const SENDER: &str = "sender";
pub(super) const TIME: &str = "time";
pub(super) const KIND: &str = "kind";

pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let searchable = NumericOptions::from(FAST) | NumericOptions::from(INDEXED);
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER_NAME)
        .set_index_option(IndexRecordOption::WithFreqs)
        .set_fieldnorms(true);
    let fields = Fields {
        event: builder.add_u64_field(EVENT, searchable.clone()),
        room: builder.add_u64_field(ROOM, searchable),
        source: builder.add_u64_field(SOURCE, FAST),
        sender: builder.add_u64_field(SENDER, FAST),
        time: builder.add_u64_field(TIME, FAST),
        kind: builder.add_u64_field(KIND, FAST),
        text: builder.add_text_field("text", TextOptions::default().set_indexing_options(indexing)),
    };
    (builder.build(), fields)
}
