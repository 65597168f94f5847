//! Push rules: the rules of a user, kept as the account data `m.push_rules` so that sync sees them.
//!
//! [Push Rules](https://spec.matrix.org/v1.19/client-server-api/#push-rules). Nothing is stored until
//! a rule is changed; the server-default rules are merged in at each read, so that a new default
//! reaches accounts that changed theirs long ago.

use std::sync::Arc;

use rules::push::CompiledRules;
use ruma::{
    UserId,
    push::{Action, AnyPushRule, InsertPushRuleError, NewPushRule, RemovePushRuleError, RuleKind, Ruleset},
};
use serde::Deserialize;
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use store::{Batch, Reader, StoreError};

use crate::{
    AccountError, Accounts, default_push_rules,
    limits::{
        PUSH_RULE_BYTES_MAX, PUSH_RULE_ID_BYTES_MAX, PUSH_RULES_BYTES_MAX, PUSH_RULES_PER_USER_MAX,
        WRITE_TRIES_MAX,
    },
};

pub(crate) const PUSH_RULES: &str = "m.push_rules";

/// Kinds that clients expect to find in a ruleset even when they are empty.
const KINDS: [&str; 5] = ["override", "content", "room", "sender", "underride"];

/// Why a push rule could not be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushRuleError {
    /// There is no such rule.
    #[error("there is no such push rule")]
    NotFound,
    /// Server-default rules cannot be added, replaced or removed.
    #[error("server-default push rules can only be switched and given actions")]
    ServerDefault,
    /// The id has signs that are not allowed, or is too long.
    #[error("the id of the push rule is not valid")]
    InvalidId,
    /// `before` or `after` names no rule that the new rule may stand beside.
    #[error("the push rule named by before or after does not exist or is a server-default one")]
    UnknownPlace,
    /// The rule named by `before` comes before the one named by `after`.
    #[error("the rule cannot be before and after these two rules")]
    ImpossiblePlace,
    /// The user has as many rules as allowed.
    #[error("too many push rules")]
    TooMany,
    /// The rule, or all rules of the user together, are larger than allowed.
    #[error("the push rules are too large")]
    TooLarge,
    /// Clients may not add rules of this kind.
    #[error("rules of this kind cannot be added")]
    KindNotAllowed,
}

/// Where a new rule stands among its kind.
#[derive(Clone, Debug, Default)]
pub struct RulePlace {
    /// Right before the rule of this id.
    pub before: Option<String>,
    /// Right after the rule of this id.
    pub after: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    global: Ruleset,
}

impl Accounts {
    /// The rules of a user, server defaults included.
    pub async fn push_ruleset(&self, reader: &Reader, user: &UserId) -> Result<Ruleset, StoreError> {
        let stored = self.stored_account_data(reader, user, None, PUSH_RULES).await?;
        let stored = stored.and_then(|content| serde_json::from_str::<Content>(content.get()).ok());
        Ok(match stored {
            Some(Content { mut global }) => {
                default_push_rules::update(&mut global, user);
                global
            }
            None => default_push_rules::server_default(user),
        })
    }

    /// The rules of a user, compiled. From memory after the first time.
    pub async fn push_rules(&self, user: &UserId) -> Result<Arc<CompiledRules>, StoreError> {
        let load = async {
            let ruleset = self.push_ruleset(&self.0.store, user).await?;
            Ok(CompiledRules::compile(&ruleset))
        };
        self.0.push_rules.get_or_load(&self.0.store, user, load).await
    }

    /// One rule.
    pub async fn push_rule(
        &self,
        reader: &Reader,
        user: &UserId,
        kind: RuleKind,
        id: &str,
    ) -> Result<AnyPushRule, AccountError> {
        let ruleset = self.push_ruleset(reader, user).await?;
        let rule = ruleset.get(kind, id).ok_or(PushRuleError::NotFound)?;
        Ok(rule.to_owned())
    }

    /// Adds a rule, or replaces the one of its id.
    pub async fn set_push_rule(
        &self,
        user: &UserId,
        rule: NewPushRule,
        place: RulePlace,
    ) -> Result<(), AccountError> {
        if rule.rule_id().len() > PUSH_RULE_ID_BYTES_MAX || rule.rule_id().is_empty() {
            return Err(PushRuleError::InvalidId.into());
        }
        if rule.kind() == RuleKind::PostContent {
            return Err(PushRuleError::KindNotAllowed.into());
        }
        let id = rule.rule_id().to_owned();
        self.change_push_rules(user, |ruleset| {
            ruleset
                .insert(rule.clone(), place.after.as_deref(), place.before.as_deref())
                .map_err(refused_insertion)?;
            let own = ruleset.iter().filter(|rule| !rule.is_server_default()).count();
            if own > PUSH_RULES_PER_USER_MAX {
                return Err(PushRuleError::TooMany);
            }
            check_size(ruleset, rule.kind(), &id)
        })
        .await
    }

    /// Removes a rule that the user added.
    pub async fn remove_push_rule(
        &self,
        user: &UserId,
        kind: RuleKind,
        id: &str,
    ) -> Result<(), AccountError> {
        self.change_push_rules(user, |ruleset| {
            ruleset.remove(kind.clone(), id).map_err(|error| match error {
                RemovePushRuleError::ServerDefault => PushRuleError::ServerDefault,
                _ => PushRuleError::NotFound,
            })
        })
        .await
    }

    /// Switches a rule on or off.
    pub async fn enable_push_rule(
        &self,
        user: &UserId,
        kind: RuleKind,
        id: &str,
        enabled: bool,
    ) -> Result<(), AccountError> {
        self.change_push_rules(user, |ruleset| {
            ruleset.set_enabled(kind.clone(), id, enabled).map_err(|_| PushRuleError::NotFound)
        })
        .await
    }

    /// Gives a rule other actions.
    pub async fn set_push_rule_actions(
        &self,
        user: &UserId,
        kind: RuleKind,
        id: &str,
        actions: Vec<Action>,
    ) -> Result<(), AccountError> {
        self.change_push_rules(user, |ruleset| {
            ruleset.set_actions(kind.clone(), id, actions.clone()).map_err(|_| PushRuleError::NotFound)?;
            check_size(ruleset, kind.clone(), id)
        })
        .await
    }

    /// The content of `m.push_rules`.
    pub(crate) async fn push_rules_content(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<Box<RawValue>, StoreError> {
        let ruleset = self.push_ruleset(reader, user).await?;
        to_raw_value(&serde_json::json!({ "global": complete(&ruleset) }))
            .map_err(|error| StoreError::Corrupt { table: PUSH_RULES, detail: error.to_string().into() })
    }

    async fn change_push_rules(
        &self,
        user: &UserId,
        change: impl Fn(&mut Ruleset) -> Result<(), PushRuleError>,
    ) -> Result<(), AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let reader = self.0.store.snapshot();
            let mut ruleset = self.push_ruleset(&reader, user).await?;
            change(&mut ruleset)?;
            let content = to_raw_value(&serde_json::json!({ "global": complete(&ruleset) }))
                .map_err(|_| PushRuleError::InvalidId)?;
            if content.get().len() > PUSH_RULES_BYTES_MAX {
                return Err(PushRuleError::TooLarge.into());
            }
            let mut batch = Batch::new();
            self.put_account_data(&reader, &mut batch, user, None, PUSH_RULES, &content).await?;
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }
}

/// One rule is evaluated for every event that reaches its user, so it must stay small.
fn check_size(ruleset: &Ruleset, kind: RuleKind, id: &str) -> Result<(), PushRuleError> {
    let Some(rule) = ruleset.get(kind, id) else { return Ok(()) };
    let bytes = match rule.to_owned() {
        AnyPushRule::Override(rule) | AnyPushRule::Underride(rule) | AnyPushRule::PostContent(rule) => {
            serde_json::to_vec(&rule)
        }
        AnyPushRule::Content(rule) => serde_json::to_vec(&rule),
        AnyPushRule::Room(rule) => serde_json::to_vec(&rule),
        AnyPushRule::Sender(rule) => serde_json::to_vec(&rule),
        _ => return Err(PushRuleError::KindNotAllowed),
    };
    let fits = bytes.is_ok_and(|bytes| bytes.len() <= PUSH_RULE_BYTES_MAX);
    if fits { Ok(()) } else { Err(PushRuleError::TooLarge) }
}

/// The ruleset with every kind present.
fn complete(ruleset: &Ruleset) -> Value {
    let mut value = serde_json::to_value(ruleset).unwrap_or_default();
    if let Value::Object(kinds) = &mut value {
        for kind in KINDS {
            kinds.entry(kind).or_insert_with(|| Value::Array(Vec::new()));
        }
    }
    value
}

fn refused_insertion(error: InsertPushRuleError) -> PushRuleError {
    match error {
        InsertPushRuleError::ServerDefaultRuleId => PushRuleError::ServerDefault,
        InsertPushRuleError::InvalidRuleId => PushRuleError::InvalidId,
        InsertPushRuleError::RelativeToServerDefaultRule | InsertPushRuleError::UnknownRuleId => {
            PushRuleError::UnknownPlace
        }
        InsertPushRuleError::BeforeHigherThanAfter => PushRuleError::ImpossiblePlace,
        // The enum is ruma's and open; an unknown refusal is about where the rule stands.
        _ => PushRuleError::UnknownPlace,
    }
}
