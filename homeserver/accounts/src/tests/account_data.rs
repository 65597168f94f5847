use model::StreamPos;
use ruma::{UserId, room_id, user_id};
use serde_json::{json, value::RawValue};

use crate::{AccountDatum, AccountError};

use super::{Fixture, fixture};

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

fn shown(data: Vec<AccountDatum>) -> Vec<(Option<String>, String, String)> {
    data.into_iter()
        .filter(|datum| datum.kind != "m.push_rules")
        .map(|datum| {
            let content = datum.content.map_or_else(|| "gone".to_owned(), |content| content.get().to_owned());
            (datum.room.map(|room| room.to_string()), datum.kind, content)
        })
        .collect()
}

async fn changes(f: &Fixture, user: &UserId, after: StreamPos) -> Vec<(Option<String>, String, String)> {
    let snapshot = f.accounts.snapshot();
    shown(f.accounts.account_data_changes(&snapshot, user, after, snapshot.position()).await.unwrap())
}

#[tokio::test]
async fn a_change_is_seen_once_after_its_position_and_the_newest_content_wins() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let room = room_id!("!r:example.org");
    let start = f.accounts.snapshot().position();
    f.accounts.set_account_data(&alice, None, "a", &raw(r#"{"v":1}"#)).await.unwrap();
    f.accounts.set_account_data(&alice, Some(room), "a", &raw(r#"{"v":2}"#)).await.unwrap();
    let last = f.accounts.set_account_data(&alice, None, "a", &raw(r#"{"v":3}"#)).await.unwrap();
    let expected = [
        (Some(room.to_string()), "a".to_owned(), r#"{"v":2}"#.to_owned()),
        (None, "a".to_owned(), r#"{"v":3}"#.to_owned()),
    ];
    assert_eq!(changes(&f, &alice, start).await, expected);
    assert!(changes(&f, &alice, last).await.is_empty());
    assert_eq!(f.accounts.account_data_position(&alice).await.unwrap(), last);
}

#[tokio::test]
async fn a_deletion_is_told_once_and_is_no_part_of_everything() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let start = f.accounts.snapshot().position();
    f.accounts.set_account_data(&alice, None, "a", &raw(r#"{"v":1}"#)).await.unwrap();
    f.accounts.delete_account_data(&alice, None, "a").await.unwrap();
    f.accounts.delete_account_data(&alice, None, "never").await.unwrap();
    let reader = f.accounts.reader();
    assert!(f.accounts.account_data(reader, &alice, None, "a").await.unwrap().is_none());
    assert_eq!(changes(&f, &alice, start).await, [(None, "a".to_owned(), "gone".to_owned())]);
    assert!(shown(f.accounts.account_data_all(reader, &alice).await.unwrap()).is_empty());
    f.accounts.write_account_data(&alice, None, "b", &raw(" { } ")).await.unwrap();
    assert!(f.accounts.account_data(reader, &alice, None, "b").await.unwrap().is_none());
}

#[tokio::test]
async fn everything_has_the_push_rules_and_nothing_of_a_similar_name() {
    let f = fixture().await;
    let (ab, abc) = (f.user("ab").await, f.user("abc").await);
    f.accounts.set_account_data(&abc, None, "a", &raw(r#"{"v":1}"#)).await.unwrap();
    let all = f.accounts.account_data_all(f.accounts.reader(), &ab).await.unwrap();
    assert_eq!(all.iter().map(|datum| &*datum.kind).collect::<Vec<_>>(), ["m.push_rules"]);
}

#[tokio::test]
async fn many_pieces_come_in_pages_and_all_arrive() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let start = f.accounts.snapshot().position();
    let count = crate::limits::ACCOUNT_DATA_PAGE + 5;
    for number in 0..count {
        f.accounts.set_account_data(&alice, None, &format!("k{number}"), &raw("{\"v\":1}")).await.unwrap();
    }
    assert_eq!(changes(&f, &alice, start).await.len(), count);
    let all = f.accounts.account_data_all(f.accounts.reader(), &alice).await.unwrap();
    assert_eq!(all.len(), count + 1);
    f.accounts.erase_account_data(&alice).await.unwrap();
    assert!(changes(&f, &alice, start).await.is_empty());
}

#[tokio::test]
async fn ignored_users_follow_the_list_and_survive_nonsense() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    assert!(f.accounts.ignored_users(&alice).await.unwrap().is_empty());
    let list = json!({ "ignored_users": { "@bob:b.org": {}, "not an id": {}, alice.as_str(): {} } });
    f.accounts.set_account_data(&alice, None, "m.ignored_user_list", &raw(&list.to_string())).await.unwrap();
    let ignored = f.accounts.ignored_users(&alice).await.unwrap();
    assert_eq!(ignored.iter().collect::<Vec<_>>(), [user_id!("@bob:b.org")]);
    f.accounts
        .set_account_data(&alice, None, "m.ignored_user_list", &raw(r#"{"ignored_users":7}"#))
        .await
        .unwrap();
    assert!(f.accounts.ignored_users(&alice).await.unwrap().is_empty());
}

#[tokio::test]
async fn too_large_is_refused() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let big = json!({ "v": "x".repeat(crate::limits::ACCOUNT_DATA_BYTES_MAX) }).to_string();
    let result = f.accounts.set_account_data(&alice, None, "a", &raw(&big)).await;
    assert!(matches!(result, Err(AccountError::TooLarge(_))));
    let result = f.accounts.set_account_data(&alice, None, &"k".repeat(300), &raw("{}")).await;
    assert!(matches!(result, Err(AccountError::TooLarge(_))));
}

#[tokio::test]
async fn tags_are_added_and_removed_also_at_once() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let room = room_id!("!r:example.org");
    let tasks: Vec<_> = (0..5)
        .map(|number| {
            let (accounts, alice) = (f.accounts.clone(), alice.clone());
            tokio::spawn(async move {
                accounts.set_tag(&alice, room, &format!("u.{number}"), serde_json::Map::new()).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    f.accounts.remove_tag(&alice, room, "u.0").await.unwrap();
    f.accounts.remove_tag(&alice, room, "u.never").await.unwrap();
    let tags = f.accounts.tags(f.accounts.reader(), &alice, room).await.unwrap();
    assert_eq!(tags.keys().collect::<Vec<_>>(), ["u.1", "u.2", "u.3", "u.4"]);
    let details = serde_json::Map::from_iter([("order".to_owned(), json!("high"))]);
    let wrong = f.accounts.set_tag(&alice, room, "u.5", details).await;
    assert!(matches!(wrong, Err(AccountError::InvalidParameter(_))));
    let long = f.accounts.set_tag(&alice, room, &"t".repeat(256), serde_json::Map::new()).await;
    assert!(matches!(long, Err(AccountError::InvalidParameter(_))));
}
