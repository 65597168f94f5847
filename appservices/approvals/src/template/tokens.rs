//! The words and signs of a condition, with their places.

use super::{ConditionError, Literal};

/// A word or sign.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Value(Literal),
    Sign(&'static str),
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: [&str; 11] = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","];

pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ConditionError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let place = text.chars().count() - rest.chars().count() + 1;
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push((place, Token::Sign(sign)));
            rest = &rest[sign.len()..];
        } else if first == '"' {
            let (inside, after) =
                rest[1..].split_once('"').ok_or(ConditionError { place, problem: "condition.text" })?;
            tokens.push((place, Token::Value(Literal::Text(inside.to_owned()))));
            rest = after;
        } else {
            let end =
                rest.find(|c: char| c.is_whitespace() || "=!<>()[],\"".contains(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if word.is_empty() {
                return Err(ConditionError { place, problem: "condition.sign" });
            }
            let number = word.parse::<f64>().ok().filter(|number| number.is_finite());
            let token = match number {
                Some(number) => Token::Value(Literal::Number(number)),
                None => Token::Name(word.to_owned()),
            };
            tokens.push((place, token));
            rest = after;
        }
    }
}
