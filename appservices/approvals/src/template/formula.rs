//! Formulas: fields that are calculated from others. Numbers are fixed to six places, so that the same form gives the same
//! result everywhere.

use super::{Field, FieldKind, Form, Template, Value};
use crate::limits::{FORMULA_BYTES_MAX, FORMULA_NESTING_MAX};

/// Millionths.
const SCALE: i128 = 1_000_000;

/// Decimal places of a number in a formula.
const PLACES_MAX: usize = 6;

/// Beyond this a result is none: numbers of forms are whole and below 2^53.
const RESULT_MAX: i128 = 1 << 53;

/// A formula, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Formula {
    Number(i128),
    /// A field of numbers, or `days` or `hours` of a field of days.
    Field(String, Option<String>),
    /// All lines of a column together.
    Sum(String, String),
    Both(Box<Formula>, char, Box<Formula>),
}

impl Formula {
    /// Reads `price * count + sum(items.cost)`.
    ///
    /// # Errors
    /// The key of the words for what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > FORMULA_BYTES_MAX {
            return Err("formula.long");
        }
        let mut reading = Reading { rest: text, depth: 0 };
        let formula = reading.sum()?;
        if reading.next().is_some() { Err("formula.behind") } else { Ok(formula) }
    }

    /// What it refers to: (field, part or column).
    pub fn names(&self) -> Vec<(&str, Option<&str>, bool)> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Field(field, part) => vec![(field, part.as_deref(), false)],
            Self::Sum(list, column) => vec![(list, Some(column), true)],
            Self::Both(left, _, right) => [left.names(), right.names()].concat(),
        }
    }

    /// Its value, in millionths; nothing where something is open, too large, or divided by nothing.
    fn value(&self, form: &Form) -> Option<i128> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Field(field, None) => whole(form.get(field)?),
            Self::Field(field, Some(part)) => match form.get(field)? {
                Value::Range { days, halves, .. } => {
                    let hours = i128::from(*days) * 8 + i128::from(*halves) * 4;
                    Some(if part == "hours" { hours * SCALE } else { hours * SCALE / 8 })
                }
                _ => None,
            },
            Self::Sum(list, column) => match form.get(list)? {
                Value::Lines(lines) => lines
                    .iter()
                    .filter_map(|line| line.get(column))
                    .try_fold(0_i128, |sum, value| sum.checked_add(whole(value)?)),
                _ => None,
            },
            Self::Both(left, operator, right) => {
                let (left, right) = (left.value(form)?, right.value(form)?);
                match operator {
                    '+' => left.checked_add(right),
                    '-' => left.checked_sub(right),
                    '*' => left.checked_mul(right).map(|product| rounded(product, SCALE)),
                    _ if right == 0 => None,
                    _ => left.checked_mul(SCALE).map(|dividend| rounded(dividend, right)),
                }
            }
        }
    }
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => Some(i128::from(*number) * SCALE),
        _ => None,
    }
}

/// A quotient, halves away from nothing.
fn rounded(dividend: i128, divisor: i128) -> i128 {
    let half = divisor.abs() / 2;
    let up = if (dividend < 0) == (divisor < 0) { half } else { -half };
    let dividend = if divisor < 0 { dividend.saturating_sub(up) } else { dividend.saturating_add(up) };
    dividend / divisor
}

/// Puts what is calculated into a form; takes it away where it cannot be.
pub fn calculate(template: &Template, form: &mut Form) {
    for field in template.form.iter().filter(|field| field.kind == FieldKind::Formula) {
        match result(field, form) {
            Some(number) => drop(form.insert(field.id.clone(), Value::Number(number))),
            None => drop(form.remove(&field.id)),
        }
    }
}

fn result(field: &Field, form: &Form) -> Option<i64> {
    let value = Formula::parse(field.formula.as_deref()?).ok()?.value(form)?;
    let number = rounded(value, SCALE);
    (number.abs() < RESULT_MAX).then(|| i64::try_from(number).ok()).flatten()
}

struct Reading<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reading<'a> {
    fn next(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.next() == Some(wanted);
        if is_there {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        is_there
    }

    fn sum(&mut self) -> Result<Formula, &'static str> {
        self.depth += 1;
        if self.depth > FORMULA_NESTING_MAX {
            return Err("formula.deep");
        }
        let mut left = self.product()?;
        while let Some(operator @ ('+' | '-')) = self.next() {
            self.take(operator);
            left = Formula::Both(Box::new(left), operator, Box::new(self.product()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Result<Formula, &'static str> {
        let mut left = self.factor()?;
        while let Some(operator @ ('*' | '/')) = self.next() {
            self.take(operator);
            left = Formula::Both(Box::new(left), operator, Box::new(self.factor()?));
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Formula, &'static str> {
        match self.next() {
            Some('(') => {
                self.take('(');
                let inside = self.sum()?;
                if self.take(')') { Ok(inside) } else { Err("formula.bracket") }
            }
            Some(digit) if digit.is_ascii_digit() => self.number(),
            Some(_) => self.name(),
            None => Err("formula.early"),
        }
    }

    fn number(&mut self) -> Result<Formula, &'static str> {
        let text = self.while_is(|c| c.is_ascii_digit() || c == '.');
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let wrong = "formula.number";
        if part.len() > PLACES_MAX || !part.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(wrong);
        }
        let whole: i64 = whole.parse().map_err(|_| wrong)?;
        let part: i64 = format!("{part:0<PLACES_MAX$}").parse().map_err(|_| wrong)?;
        Ok(Formula::Number(i128::from(whole) * SCALE + i128::from(part)))
    }

    fn name(&mut self) -> Result<Formula, &'static str> {
        let name = self.word()?;
        if name == "sum" && self.take('(') {
            let list = self.word()?;
            if !self.take('.') {
                return Err("formula.sum");
            }
            let column = self.word()?;
            return if self.take(')') {
                Ok(Formula::Sum(list.to_owned(), column.to_owned()))
            } else {
                Err("formula.bracket")
            };
        }
        let part = if self.take('.') { Some(self.word()?.to_owned()) } else { None };
        Ok(Formula::Field(name.to_owned(), part))
    }

    fn word(&mut self) -> Result<&'a str, &'static str> {
        self.next();
        let word = self.while_is(|c| c.is_alphanumeric() || c == '_');
        if word.is_empty() { Err("formula.name") } else { Ok(word) }
    }

    fn while_is(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}
