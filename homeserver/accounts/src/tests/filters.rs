use crate::AccountError;

use super::fixture;

#[tokio::test]
async fn the_same_filter_has_the_same_id_and_comes_back_whole() {
    let f = fixture().await;
    let (alice, bob) = (f.user("alice").await, f.user("bob").await);
    let one = br#"{"room":{"timeline":{"limit":10,"org.example.rel":["x"]}},"event_format":"client"}"#;
    let other = br#"{ "event_format":"client", "room": {"timeline":{"org.example.rel":["x"], "limit":10}} }"#;
    let id = f.accounts.create_filter(&alice, one).await.unwrap();
    assert_eq!(f.accounts.create_filter(&alice, other).await.unwrap(), id);
    assert!(!id.starts_with('{'));
    let reader = f.accounts.reader();
    let filter = f.accounts.filter(reader, &alice, &id).await.unwrap().unwrap();
    assert_eq!(filter.room.timeline.limit, Some(10_u32.into()));
    let json = f.accounts.filter_json(reader, &alice, &id).await.unwrap().unwrap();
    assert!(json.get().contains("org.example.rel"));
    assert!(f.accounts.filter(reader, &bob, &id).await.unwrap().is_none());
    assert!(f.accounts.filter(reader, &alice, "unknown").await.unwrap().is_none());
}

#[tokio::test]
async fn malformed_filters_are_refused() {
    let f = fixture().await;
    let alice = f.user("alice").await;
    let malformed = [
        "",
        "[]",
        "7",
        "{",
        r#"{"room":[]}"#,
        r#"{"room":{"timeline":{"limit":"ten"}}}"#,
        r#"{"room":{"timeline":{"limit":-1}}}"#,
        r#"{"room":{"rooms":["not a room"]}}"#,
        r#"{"presence":{"senders":["not a user"]}}"#,
        r#"{"event_fields":"x"}"#,
    ];
    for json in malformed {
        let result = f.accounts.create_filter(&alice, json.as_bytes()).await;
        assert!(matches!(result, Err(AccountError::InvalidParameter(_))), "{json}");
    }
    let huge = format!(r#"{{"event_fields":["{}"]}}"#, "x".repeat(70_000));
    let result = f.accounts.create_filter(&alice, huge.as_bytes()).await;
    assert!(matches!(result, Err(AccountError::TooLarge(_))));
}
