//! Why an action is refused, in words that a table of texts fills in.

/// Why an action is refused. Refused actions change nothing and leave no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the text, `E101` for example.
    pub code: &'static str,
    /// What the text has gaps for.
    pub fields: Vec<(&'static str, String)>,
}

impl Refusal {
    /// A refusal without gaps.
    #[must_use]
    pub const fn new(code: &'static str) -> Self {
        Self { code, fields: Vec::new() }
    }

    /// Fills a gap.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}
