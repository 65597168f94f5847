//! Conditions of branches: `amount >= 1000000 and kind in ["差旅", "招待"]`. A small language, bounded in length and depth.

mod parser;

use std::collections::BTreeMap;

use self::parser::Parser;
use super::tokens::tokens;
use crate::limits::CONDITION_BYTES_MAX;

/// What conditions are asked of: names and what they hold. A name that is not there makes its comparison false.
pub type Facts = BTreeMap<String, Vec<Literal>>;

/// A value in a condition.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum Literal {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// Why a condition cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at character {place}")]
pub struct ConditionError {
    /// Where, in characters from 1.
    pub place: usize,
    /// The key of the words for what is wrong.
    pub problem: &'static str,
}

/// A condition that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Both.
    And(Box<Condition>, Box<Condition>),
    /// At least one.
    Or(Box<Condition>, Box<Condition>),
    /// A comparison.
    Compare {
        /// The name.
        name: String,
        /// How.
        operator: Operator,
        /// With what.
        values: Vec<Literal>,
    },
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `in`
    In,
    /// `not_in`
    NotIn,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// [`ConditionError`] says where and what.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        if text.len() > CONDITION_BYTES_MAX {
            return Err(ConditionError { place: 1, problem: "condition.long" });
        }
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0 };
        let condition = parser.either(0)?;
        match parser.tokens.get(parser.at) {
            None => Ok(condition),
            Some((place, _)) => Err(ConditionError { place: *place, problem: "condition.several" }),
        }
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, facts: &Facts) -> bool {
        match self {
            Self::And(one, other) => one.holds(facts) && other.holds(facts),
            Self::Or(one, other) => one.holds(facts) || other.holds(facts),
            Self::Compare { name, operator, values } => facts
                .get(name)
                .filter(|held| !held.is_empty())
                .is_some_and(|held| compare(held, *operator, values)),
        }
    }

    /// The names it asks for.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::And(one, other) | Self::Or(one, other) => [one.names(), other.names()].concat(),
            Self::Compare { name, .. } => vec![name],
        }
    }
}

fn compare(held: &[Literal], operator: Operator, values: &[Literal]) -> bool {
    let any_is = |test: fn(&Literal, &Literal) -> bool| {
        held.iter().any(|one| values.iter().any(|other| test(one, other)))
    };
    match operator {
        Operator::Equal | Operator::In => any_is(PartialEq::eq),
        Operator::NotEqual | Operator::NotIn => !any_is(PartialEq::eq),
        Operator::Less => any_is(|one, other| same_kind(one, other) && one < other),
        Operator::AtMost => any_is(|one, other| same_kind(one, other) && one <= other),
        Operator::Greater => any_is(|one, other| same_kind(one, other) && one > other),
        Operator::AtLeast => any_is(|one, other| same_kind(one, other) && one >= other),
    }
}

fn same_kind(one: &Literal, other: &Literal) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts::from([
            ("amount".into(), vec![Literal::Number(1_280_000.0)]),
            ("kind".into(), vec![Literal::Text("招待".into())]),
            ("starter.role".into(), vec![Literal::Text("employee".into()), Literal::Text("agent".into())]),
        ])
    }

    #[test]
    fn conditions_hold_or_do_not() {
        let cases = [
            ("amount >= 1000000", true),
            ("amount < 1000000", false),
            ("amount>=1280000 and amount<=1280000", true),
            ("kind == \"招待\"", true),
            ("kind in [\"差旅\", \"招待\"]", true),
            ("kind not_in [差旅, 办公]", true),
            ("kind != 招待", false),
            ("starter.role == agent", true),
            ("starter.role in [cfo, agent]", true),
            ("missing == 1 or amount > 1", true),
            ("missing != 1", false),
            ("amount > text", false),
            ("(amount < 1 or kind == 招待) and amount > 5", true),
        ];
        for (text, expected) in cases {
            assert_eq!(Condition::parse(text).unwrap().holds(&facts()), expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_named_by_its_place() {
        let deep = format!("{}a == 1{}", "(".repeat(20), ")".repeat(20));
        let long = "a == 1 and ".repeat(100);
        let cases = [
            ("", 1),
            ("amount", 1),
            ("amount >=", 8),
            ("== 3", 1),
            ("a == 1 b", 8),
            ("a in [1, ", 8),
            ("a in 3", 6),
            ("a == \"x", 6),
            ("(a == 1", 7),
            ("a = 3", 3),
            (deep.as_str(), 10),
            (long.as_str(), 1),
        ];
        for (text, place) in cases {
            assert_eq!(Condition::parse(text).unwrap_err().place, place, "{text}");
        }
    }
}
