//! How much a case has room for: what the case engine refuses to keep, nobody could decide any more.

use cases::{Refusal, limits::CASE_DATA_BYTES_MAX};
use serde::Serialize;

use crate::{
    desk::Desk,
    limits::{CASE_RESERVE_BYTES, FORM_ON_CARD_BYTES_MAX, FORM_TEXT_BYTES_MAX},
    template::{FormError, field_refused},
};

/// How long a value is as JSON.
fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX, |text| text.len())
}

impl Desk<'_> {
    /// A form that is too large is refused for its largest field.
    pub fn not_too_large(&self) -> Result<(), Refusal> {
        let sizes = self.case.data.form.iter().map(|(id, value)| id.len().saturating_add(json_bytes(value)));
        if sizes.fold(0, usize::saturating_add) > FORM_TEXT_BYTES_MAX {
            return Err(self.largest_field_is("form.long"));
        }
        Ok(())
    }

    /// What is wrong with a form as a whole, said of its largest field.
    pub fn largest_field_is(&self, problem: &'static str) -> Refusal {
        let field = self.case.data.form.iter().max_by_key(|(_, value)| json_bytes(value));
        let field = field.map_or_else(String::new, |(id, _)| id.clone());
        field_refused(self.world.template, &FormError { field, problem, example: "…".into() })
    }

    /// Whether the case is small enough for what is more than a decision.
    pub fn has_room(&self) -> bool {
        json_bytes(&self.case.data) <= CASE_DATA_BYTES_MAX - CASE_RESERVE_BYTES
    }

    /// Of forms that were handed in before, and are more than a few words, the records keep the hashes alone: a case that is returned
    /// again and again would have no room.
    pub fn forget_earlier_forms(&mut self) {
        let file = self.case.data.form_file.take().map(|file| file.sha256);
        let is_kept = |hash: &String, text: &String| {
            text.len() <= FORM_ON_CARD_BYTES_MAX && file.as_ref() != Some(hash)
        };
        self.case.data.texts.retain(|hash, text| is_kept(hash, text));
    }
}
