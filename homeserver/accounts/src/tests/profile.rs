use ruma::user_id;
use serde_json::{Value, json};

use crate::{AccountError, ProfileChange, UnfinishedWork};

use super::{Fixture, fixture};

async fn field(f: &Fixture, user: &ruma::UserId, key: &str) -> Option<Value> {
    f.accounts.profile(f.accounts.reader(), user).await.unwrap().unwrap().fields.remove(key)
}

#[tokio::test]
async fn fields_are_set_changed_and_removed() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    assert_eq!(field(&f, &alice, "displayname").await, Some(json!("alice")));
    f.accounts.set_profile_field(&alice, "m.tz", Some(json!("Asia/Shanghai"))).await.unwrap();
    f.accounts.set_profile_field(&alice, "org.example.x", Some(json!({ "deep": [null] }))).await.unwrap();
    assert_eq!(field(&f, &alice, "m.tz").await, Some(json!("Asia/Shanghai")));
    assert_eq!(field(&f, &alice, "org.example.x").await, Some(json!({ "deep": [null] })));
    f.accounts.set_profile_field(&alice, "m.tz", None).await.unwrap();
    assert_eq!(field(&f, &alice, "m.tz").await, None);
}

#[tokio::test]
async fn what_rooms_show_leaves_work_behind_until_it_is_struck_off() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let same = f.accounts.set_profile_field(&alice, "displayname", Some(json!("alice"))).await.unwrap();
    assert_eq!(same, ProfileChange::None);
    let tz = f.accounts.set_profile_field(&alice, "m.tz", Some(json!("UTC"))).await.unwrap();
    assert_eq!(tz, ProfileChange::None);
    let ProfileChange::Rooms { mark: old } =
        f.accounts.set_profile_field(&alice, "displayname", Some(json!("A"))).await.unwrap()
    else {
        panic!("rooms must hear")
    };
    let ProfileChange::Rooms { mark } =
        f.accounts.set_profile_field(&alice, "avatar_url", Some(json!("mxc://a/b"))).await.unwrap()
    else {
        panic!("rooms must hear")
    };
    f.accounts.finish_work(UnfinishedWork::UpdateMembers, &alice, old).await.unwrap();
    let left = f.accounts.unfinished_work().await.unwrap();
    assert_eq!(left, [(UnfinishedWork::UpdateMembers, alice.clone(), mark)]);
    f.accounts.finish_work(UnfinishedWork::UpdateMembers, &alice, mark).await.unwrap();
    assert!(f.accounts.unfinished_work().await.unwrap().is_empty());
}

#[tokio::test]
async fn null_and_empty_take_name_and_avatar_away() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    for nothing in [json!(null), json!("")] {
        f.accounts.set_profile_field(&alice, "displayname", Some(json!("A"))).await.unwrap();
        f.accounts.set_profile_field(&alice, "displayname", Some(nothing)).await.unwrap();
        assert_eq!(field(&f, &alice, "displayname").await, None);
    }
}

#[tokio::test]
async fn sizes_keys_and_types_are_checked() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let set = |key: String, value: Value| {
        let (accounts, alice) = (f.accounts.clone(), alice.clone());
        async move { accounts.set_profile_field(&alice, &key, Some(value)).await }
    };
    let long_key = set("k".repeat(256), json!(1)).await;
    assert!(matches!(long_key, Err(AccountError::ProfileKeyTooLarge)));
    for key in ["", "Upper", "with space", "1digit", "é"] {
        let result = set(key.to_owned(), json!(1)).await;
        assert!(matches!(result, Err(AccountError::InvalidParameter(_))), "{key}");
    }
    let too_large = set("org.example.big".to_owned(), json!("x".repeat(65_536))).await;
    assert!(matches!(too_large, Err(AccountError::ProfileTooLarge)));
    set("org.example.half".to_owned(), json!("x".repeat(40_000))).await.unwrap();
    let together = set("org.example.other".to_owned(), json!("x".repeat(40_000))).await;
    assert!(matches!(together, Err(AccountError::ProfileTooLarge)));
    let number = set("displayname".to_owned(), json!(1)).await;
    assert!(matches!(number, Err(AccountError::InvalidParameter(_))));
    let endless = set("displayname".to_owned(), json!("x".repeat(2_000))).await;
    assert!(matches!(endless, Err(AccountError::TooLarge(_))));
}

#[tokio::test]
async fn concurrent_changes_of_different_fields_are_all_kept() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let (accounts, alice) = (f.accounts.clone(), alice.clone());
            let key = format!("org.example.n{number}");
            tokio::spawn(async move { accounts.set_profile_field(&alice, &key, Some(json!(number))).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    for number in 0..6 {
        assert_eq!(field(&f, &alice, &format!("org.example.n{number}")).await, Some(json!(number)));
    }
}

#[tokio::test]
async fn strangers_have_no_profile() {
    let f = fixture().await;
    let nobody = user_id!("@nobody:example.org");
    assert!(f.accounts.profile(f.accounts.reader(), nobody).await.unwrap().is_none());
    let set = f.accounts.set_profile_field(nobody, "m.tz", Some(json!("UTC"))).await;
    assert!(matches!(set, Err(AccountError::UnknownUser)));
}
