use super::*;

/// From where on it was read, the first so many times.
async fn cursors(desk: &Desk, times: usize) -> Vec<Value> {
    desk.asked("sync_msg", times).await.into_iter().map(|body| body["cursor"].clone()).collect()
}

#[tokio::test]
async fn an_account_is_read_on_from_where_everything_was_handed_over() {
    let desk = Desk::new().await;
    for _ in 0..20 {
        desk.answers("sync_msg", page("c1", 0, &[words("m1", "hello")]));
    }
    let basket = Arc::new(Basket::default());
    basket.refuse(true);
    let runs = Runs::start(&desk, &basket);
    desk.asked("sync_msg", 2).await;
    basket.refuse(false);
    assert_eq!(runs.hears(1).await[0], "hello");
    // What nobody took is read once more from the same place, and what was taken is behind us.
    let before = desk.platform.asked("kf/sync_msg").len();
    runs.rings(Some("TOKEN"));
    let asked = desk.asked("sync_msg", before + 1).await;
    assert!(
        asked[..before].iter().all(|body| body["cursor"] == "" && body["open_kfid"] == "wkA"),
        "{asked:?}"
    );
    assert_eq!((&asked[before]["cursor"], &asked[before]["token"]), (&json!("c1"), &json!("TOKEN")));
    runs.stops().await;
    let before = desk.platform.asked("kf/sync_msg").len();
    let runs = Runs::start(&desk, &basket);
    let asked = desk.asked("sync_msg", before + 1).await;
    assert_eq!(asked[before]["cursor"], "c1", "also after a restart, when everything is read");
    assert!(asked[before].get("token").is_none());
    runs.stops().await;
}

#[tokio::test]
async fn a_page_without_anything_is_not_the_end_where_the_platform_says_so() {
    let desk = Desk::new().await;
    desk.answers("sync_msg", page("", 1, &[]));
    desk.answers("sync_msg", page("c1", 1, &[words("m1", "one")]));
    desk.answers("sync_msg", page("c2", 1, &[]));
    desk.answers("sync_msg", page("c3", 0, &[words("m2", "two")]));
    let runs = Runs::start(&desk, &Arc::default());
    assert_eq!(runs.hears(2).await, ["one", "two"]);
    assert_eq!(cursors(&desk, 4).await, ["", "", "c1", "c2"]);
    runs.stops().await;
}

#[tokio::test]
async fn an_account_that_is_gone_holds_up_nothing_and_others_are_none_of_ours() {
    let desk = Desk::new().await;
    desk.answers("sync_msg", json!({"errcode": 95004, "errmsg": "open_kfid not exist"}));
    let runs = Runs::start(&desk, &Arc::default());
    desk.asked("sync_msg", 1).await;
    desk.answers("sync_msg", page("c1", 0, &[words("m1", "hello")]));
    runs.bell().ring("wkB", Some("THEIRS"));
    runs.rings(Some("OURS"));
    assert_eq!(runs.hears(1).await, ["hello"]);
    let asked = desk.asked("sync_msg", 2).await;
    assert!(asked.iter().all(|body| body["open_kfid"] == "wkA"), "{asked:?}");
    runs.stops().await;
}

#[tokio::test]
async fn where_the_platform_does_not_let_us_read_on_it_is_read_from_what_it_keeps() {
    let desk = Desk::new().await;
    desk.answers("sync_msg", page("c1", 1, &[words("m1", "one")]));
    desk.answers("sync_msg", json!({"errcode": 40058, "errmsg": "cursor"}));
    desk.answers("sync_msg", page("c2", 0, &[words("m1", "one"), words("m2", "two")]));
    let runs = Runs::start(&desk, &Arc::default());
    assert_eq!(runs.hears(3).await, ["one", "one", "two"], "the core knows what comes twice");
    assert_eq!(cursors(&desk, 3).await, ["", "c1", ""]);
    runs.stops().await;
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_place_leaves_it_where_it_is() {
    let desk = Desk::new().await;
    desk.answers("sync_msg", page("c1", 0, &[words("m1", "one")]));
    let runs = Runs::start(&desk, &Arc::default());
    assert_eq!(runs.hears(1).await, ["one"]);
    desk.answers("sync_msg", json!({"errcode": 90001, "errmsg": "something else"}));
    runs.rings(None);
    assert_eq!(cursors(&desk, 2).await, ["", "c1"]);
    // The platform names a bad parameter, and it is not the place.
    for _ in 0..2 {
        desk.answers("sync_msg", json!({"errcode": 40058, "errmsg": "limit"}));
    }
    runs.rings(None);
    assert_eq!(cursors(&desk, 4).await, ["", "c1", "c1", ""]);
    desk.answers("sync_msg", page("c2", 0, &[words("m2", "two")]));
    runs.rings(None);
    assert_eq!(runs.hears(2).await, ["one", "two"]);
    assert_eq!(cursors(&desk, 5).await, ["", "c1", "c1", "", "c1"]);
    runs.stops().await;
}
