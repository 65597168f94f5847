use ruma::push::{Action, NewPatternedPushRule, NewPushRule, NewSimplePushRule, RuleKind};
use ruma::{OwnedUserId, owned_room_id, owned_user_id};
use serde_json::Value;

use crate::{AccountError, PushRuleError, RulePlace};

use super::{Fixture, fixture};

fn content(id: &str) -> NewPushRule {
    NewPushRule::Content(NewPatternedPushRule::new(id.to_owned(), "cake".to_owned(), vec![Action::Notify]))
}

fn refused(result: Result<(), AccountError>) -> PushRuleError {
    match result {
        Err(AccountError::PushRule(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

async fn content_ids(f: &Fixture, user: &OwnedUserId) -> Vec<String> {
    let ruleset = f.accounts.push_ruleset(f.accounts.reader(), user).await.unwrap();
    ruleset.content.iter().filter(|rule| !rule.default).map(|rule| rule.rule_id.clone()).collect()
}

#[tokio::test]
async fn an_untouched_account_has_the_server_defaults_with_every_kind() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let json = f.accounts.account_data(f.accounts.reader(), &alice, None, "m.push_rules").await.unwrap();
    let json: Value = serde_json::from_str(json.unwrap().get()).unwrap();
    assert_eq!(json["global"]["override"][0]["rule_id"], ".m.rule.master");
    for kind in ["override", "content", "room", "sender", "underride"] {
        assert!(json["global"][kind].is_array(), "{kind}");
    }
}

#[tokio::test]
async fn new_rules_come_first_or_where_they_are_asked_to() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let set = |id: &'static str, before: Option<&str>, after: Option<&str>| {
        let place = RulePlace { before: before.map(str::to_owned), after: after.map(str::to_owned) };
        let (accounts, alice) = (f.accounts.clone(), alice.clone());
        async move { accounts.set_push_rule(&alice, content(id), place).await }
    };
    set("one", None, None).await.unwrap();
    set("two", None, None).await.unwrap();
    set("three", Some("one"), None).await.unwrap();
    set("four", None, Some("one")).await.unwrap();
    assert_eq!(content_ids(&f, &alice).await, ["two", "three", "one", "four"]);
    assert_eq!(refused(set("five", Some("none"), None).await), PushRuleError::UnknownPlace);
    assert_eq!(refused(set("six", Some(".m.rule.master"), None).await), PushRuleError::UnknownPlace);
}

#[tokio::test]
async fn default_rules_are_switched_but_not_replaced_or_removed() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let master = ".m.rule.master";
    let removed = f.accounts.remove_push_rule(&alice, RuleKind::Override, master).await;
    assert_eq!(refused(removed), PushRuleError::ServerDefault);
    let replaced = f.accounts.set_push_rule(&alice, content(".mine"), RulePlace::default()).await;
    assert_eq!(refused(replaced), PushRuleError::ServerDefault);
    f.accounts.enable_push_rule(&alice, RuleKind::Override, master, true).await.unwrap();
    let rule = f.accounts.push_rule(f.accounts.reader(), &alice, RuleKind::Override, master).await.unwrap();
    assert!(rule.enabled());
    f.accounts.set_push_rule_actions(&alice, RuleKind::Underride, ".m.rule.message", vec![]).await.unwrap();
    let reader = f.accounts.reader();
    let rule = f.accounts.push_rule(reader, &alice, RuleKind::Underride, ".m.rule.message").await.unwrap();
    assert!(rule.actions().is_empty());
}

#[tokio::test]
async fn unknown_rules_and_bad_ids_are_named_as_such() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let get = f.accounts.push_rule(f.accounts.reader(), &alice, RuleKind::Room, "!none:x").await.map(drop);
    assert_eq!(refused(get), PushRuleError::NotFound);
    let remove = f.accounts.remove_push_rule(&alice, RuleKind::Content, "none").await;
    assert_eq!(refused(remove), PushRuleError::NotFound);
    let enable = f.accounts.enable_push_rule(&alice, RuleKind::Content, "none", true).await;
    assert_eq!(refused(enable), PushRuleError::NotFound);
    for id in ["", "a/b", "a\\b"] {
        let set = f.accounts.set_push_rule(&alice, content(id), RulePlace::default()).await;
        assert_eq!(refused(set), PushRuleError::InvalidId, "{id}");
    }
}

#[tokio::test]
async fn a_change_is_a_change_of_account_data_and_of_the_compiled_rules() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let before = f.accounts.push_rules(&alice).await.unwrap();
    let start = f.accounts.snapshot().position();
    let rule = NewPushRule::Sender(NewSimplePushRule::new(owned_user_id!("@bob:b.org"), vec![]));
    f.accounts.set_push_rule(&alice, rule, RulePlace::default()).await.unwrap();
    let rule = NewPushRule::Room(NewSimplePushRule::new(owned_room_id!("!r:b.org"), vec![]));
    f.accounts.set_push_rule(&alice, rule, RulePlace::default()).await.unwrap();
    let snapshot = f.accounts.snapshot();
    let changes =
        f.accounts.account_data_changes(&snapshot, &alice, start, snapshot.position()).await.unwrap();
    assert_eq!(changes.iter().map(|change| &*change.kind).collect::<Vec<_>>(), ["m.push_rules"]);
    assert!(changes[0].content.as_ref().unwrap().get().contains("@bob:b.org"));
    let after = f.accounts.push_rules(&alice).await.unwrap();
    assert!(!std::sync::Arc::ptr_eq(&before, &after));
}
