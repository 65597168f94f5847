//! Reads conditions from their tokens.

use super::{Condition, ConditionError, Literal, Operator};
use crate::{limits::CONDITION_DEPTH_MAX, template::tokens::Token};

/// Walks over tokens.
pub(super) struct Parser<'a> {
    pub tokens: &'a [(usize, Token)],
    /// The place of the next one.
    pub at: usize,
}

impl Parser<'_> {
    /// Conditions of which one has to hold.
    pub fn either(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        let mut condition = self.both(depth)?;
        while self.takes_word("or") {
            condition = Condition::Or(Box::new(condition), Box::new(self.both(depth)?));
        }
        Ok(condition)
    }

    fn both(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        let mut condition = self.single(depth)?;
        while self.takes_word("and") {
            condition = Condition::And(Box::new(condition), Box::new(self.single(depth)?));
        }
        Ok(condition)
    }

    fn single(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        if depth > CONDITION_DEPTH_MAX {
            return Err(self.wrong("condition.deep"));
        }
        if self.takes_sign("(") {
            let condition = self.either(depth + 1)?;
            return if self.takes_sign(")") { Ok(condition) } else { Err(self.wrong("condition.bracket")) };
        }
        let Some((_, Token::Name(name))) = self.tokens.get(self.at) else {
            return Err(self.wrong("condition.field"));
        };
        let name = name.clone();
        self.at += 1;
        let operator = self.operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.list()?,
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::AtMost
            | Operator::Greater
            | Operator::AtLeast => vec![self.value()?],
        };
        Ok(Condition::Compare { name, operator, values })
    }

    fn operator(&mut self) -> Result<Operator, ConditionError> {
        let operator = match self.tokens.get(self.at) {
            Some((_, Token::Sign("=="))) => Operator::Equal,
            Some((_, Token::Sign("!="))) => Operator::NotEqual,
            Some((_, Token::Sign("<"))) => Operator::Less,
            Some((_, Token::Sign("<="))) => Operator::AtMost,
            Some((_, Token::Sign(">"))) => Operator::Greater,
            Some((_, Token::Sign(">="))) => Operator::AtLeast,
            Some((_, Token::Name(word))) if word == "in" => Operator::In,
            Some((_, Token::Name(word))) if word == "not_in" => Operator::NotIn,
            Some(_) | None => return Err(self.wrong("condition.operator")),
        };
        self.at += 1;
        Ok(operator)
    }

    fn list(&mut self) -> Result<Vec<Literal>, ConditionError> {
        if !self.takes_sign("[") {
            return Err(self.wrong("condition.list"));
        }
        let mut values = vec![self.value()?];
        while self.takes_sign(",") {
            values.push(self.value()?);
        }
        if self.takes_sign("]") { Ok(values) } else { Err(self.wrong("condition.list_end")) }
    }

    fn value(&mut self) -> Result<Literal, ConditionError> {
        let value = match self.tokens.get(self.at) {
            Some((_, Token::Value(value))) => value.clone(),
            // Words without quotation marks are texts.
            Some((_, Token::Name(word))) => Literal::Text(word.clone()),
            Some((_, Token::Sign(_))) | None => return Err(self.wrong("condition.value")),
        };
        self.at += 1;
        Ok(value)
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some((_, Token::Name(name))) if name == word);
        self.at += usize::from(found);
        found
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some((_, Token::Sign(found))) if *found == sign);
        self.at += usize::from(found);
        found
    }

    fn wrong(&self, problem: &'static str) -> ConditionError {
        let place = self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |token| token.0);
        ConditionError { place, problem }
    }
}
