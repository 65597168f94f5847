//! Hands that a task goes through: whose card rings, and who has nothing to tap on any more.

use super::*;

/// How many messages of the bot in a room ring at somebody's; edits never do.
fn rings(stage: &Stage, room: &str, person: &str) -> usize {
    let is_meant = |event: &&Value| {
        let mentioned = event["content"]["m.mentions"]["user_ids"].as_array();
        mentioned.is_some_and(|users| users.iter().any(|user| user == person))
    };
    stage.events_of_bots(room).iter().filter(is_meant).count()
}

/// A task that 张三 gave to 孙七 where nobody else reads along, and the card of 孙七.
async fn given() -> (Stage, String, String, String) {
    let (mut stage, _) = office().await;
    let desk = stage.room_with(ZHANGSAN, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &desk, "!任务 写周报 @孙七 11-20").await;
    let theirs = chat(&stage, SUNQI);
    let mine = card(&stage, &theirs, "] TK-20261105-0001 写周报");
    (stage, desk, theirs, mine)
}

#[tokio::test]
async fn a_hand_over_rings_once_at_whoever_has_it_now() {
    let (mut stage, desk, theirs, _) = given().await;
    assert_eq!(rings(&stage, &theirs, SUNQI), 1, "the card");
    says(&mut stage, SUNQI, &theirs, "!转派 TK-20261105-0001 @李四").await;
    let next = chat(&stage, LISI);
    assert_eq!(rings(&stage, &next, LISI), 1, "the card: {:?}", stage.said(&next));
    assert_eq!(
        count(&stage, &next, "孙七 把 TK-20261105-0001 写周报 交给你"),
        1,
        "and a word of who gave it"
    );
    // Whose card is there already is rung at by the word.
    says(&mut stage, LISI, &next, "!转派 TK-20261105-0001 @孙七").await;
    assert_eq!(rings(&stage, &theirs, SUNQI), 2);
    assert_eq!(rings(&stage, &desk, ZHANGSAN), 0);
}

#[tokio::test]
async fn whoever_has_it_no_more_has_nothing_to_tap_on() {
    let (mut stage, desk, theirs, mine) = given().await;
    let buttons = ["1️⃣", "2️⃣", "3️⃣", "✅", "⏰", "💬"];
    assert_eq!(stage.offers(&theirs, &mine), buttons);
    says(&mut stage, SUNQI, &theirs, "!转派 TK-20261105-0001 @李四").await;
    let body = reads(&stage, &theirs, &mine);
    assert!(body.starts_with("[待开始] TK-20261105-0001 写周报 · 李四") && !body.contains("1️⃣"), "{body}");
    assert!(stage.offers(&theirs, &mine).is_empty());
    let next = chat(&stage, LISI);
    let second = card(&stage, &next, "] TK-20261105-0001 写周报");
    // Back again by whoever wanted it, whose own card can be tapped on all the while.
    says(&mut stage, ZHANGSAN, &desk, "!转派 TK-20261105-0001 @孙七").await;
    assert!(reads(&stage, &theirs, &mine).contains("1️⃣"));
    assert_eq!(stage.offers(&theirs, &mine), buttons);
    assert!(!reads(&stage, &next, &second).contains("1️⃣"));
    let wanted = card(&stage, &desk, "] TK-20261105-0001 写周报");
    assert_eq!(stage.offers(&desk, &wanted), buttons);
    taps(&mut stage, SUNQI, &theirs, &mine, "2️⃣").await;
    assert!(reads(&stage, &theirs, &mine).starts_with("[进行中 50%]"));
}

#[tokio::test]
async fn whoever_declines_or_leaves_has_nothing_to_tap_on_either() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 查日志 @王五 明天").await;
    let theirs = chat(&stage, WANGWU);
    let mine = card(&stage, &theirs, "] TK-20261105-0001 查日志");
    assert!(reads(&stage, &theirs, &mine).contains("✋"));
    taps(&mut stage, WANGWU, &theirs, &mine, "🙅").await;
    says(&mut stage, WANGWU, &theirs, "这周没空").await;
    assert!(!reads(&stage, &theirs, &mine).contains("1️⃣"), "{}", reads(&stage, &theirs, &mine));
    assert!(stage.offers(&theirs, &mine).is_empty());
    let (mut stage, _, theirs, mine) = given().await;
    imports(&mut stage, "孙七").await;
    passes(&mut stage, 2 * MINUTE).await;
    assert!(stage.offers(&theirs, &mine).is_empty());
    assert_eq!(rings(&stage, &chat(&stage, LISI), LISI), 1, "the card of who has it now");
}
