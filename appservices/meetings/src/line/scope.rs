//! Which instances of a series a command means, by the words it begins or ends with.

/// Which instances of a series are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One.
    This,
    /// One and those behind it.
    Following,
    /// The series.
    All,
}

/// What instances are called, the longer words first.
const SCOPES: [(&str, Scope); 9] = [
    ("本次", Scope::This),
    ("这次", Scope::This),
    ("this one", Scope::This),
    ("this", Scope::This),
    ("以后", Scope::Following),
    ("following", Scope::Following),
    ("all future", Scope::Following),
    ("全部", Scope::All),
    ("all", Scope::All),
];

/// Which instances a command means, and what else it says. The words for them stand first or last, so that those of days and
/// titles stay what they are.
#[must_use]
pub fn scoped(text: &str) -> (Option<Scope>, &str) {
    let text = text.trim();
    let first = SCOPES.into_iter().find_map(|(name, scope)| {
        let (front, rest) = text.split_at_checked(name.len())?;
        let is_whole = rest.is_empty() || rest.starts_with(char::is_whitespace);
        (is_whole && front.eq_ignore_ascii_case(name) && !is_of_range(rest))
            .then(|| (scope, rest.trim_start()))
    });
    let last = || {
        SCOPES.into_iter().find_map(|(name, scope)| {
            let (rest, back) = text.split_at_checked(text.len().checked_sub(name.len())?)?;
            let is_whole = rest.ends_with(char::is_whitespace);
            (is_whole && back.eq_ignore_ascii_case(name)).then(|| (scope, rest.trim_end()))
        })
    };
    match first.or_else(last) {
        Some((scope, rest)) => (Some(scope), rest),
        None => (None, text),
    }
}

/// Whether `this` is that of `this week`.
fn is_of_range(behind: &str) -> bool {
    let word = behind.split_whitespace().next().unwrap_or_default().to_lowercase();
    matches!(word.as_str(), "week" | "month")
}
