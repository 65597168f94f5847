//! Somebody acts for somebody else for a time, as it is typed.

use super::talk::{card, chat, last, office};
use crate::{LOCALPART, limits::DELEGATIONS_MAX};

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const ANN: &str = "@ann:test";

#[tokio::test]
async fn who_is_to_act_for_somebody_decides_what_they_are_asked_until_that_is_ended() {
    let (mut stage, room) = office().await;
    let desk = stage.room_with(LISI, LOCALPART, true);
    stage.settle().await;
    stage.says(LISI, &desk, "!委托 孙七 2026-11-05 至 2026-11-06 请假");
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "已委托 孙七，2026-11-05 至 2026-11-06。");
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let seat = chat(&stage, "@sunqi:test");
    let mine = card(&stage, &seat, "[待审批] AP-20261105-0001");
    stage.reacts("@sunqi:test", &seat, &mine, "✅");
    stage.settle().await;
    assert!(stage.reads(&seat, &mine).starts_with("[已通过]"), "{}", stage.reads(&seat, &mine));

    stage.says(LISI, &desk, "!委托 取消");
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "委托已全部结束。");
    stage.says(ZHANGSAN, &room, "!请假 2026-11-11 2026-11-11 事假 x");
    stage.settle().await;
    assert!(!stage.said(&seat).iter().any(|body| body.contains("AP-20261105-0002")), "it is over");
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_in_words_that_say_why() {
    let (mut stage, chinese) = office().await;
    let english = stage.room_with(ANN, LOCALPART, true);
    stage.settle().await;
    for (who, room, typed, expected) in [
        (
            ZHANGSAN,
            &chinese,
            "!委托 李四 2026-11-01 2026-11-02",
            "「起止日期」不能早于今天，例如：2026-11-05 2026-11-05",
        ),
        (ZHANGSAN, &chinese, "!委托 李四 从 明天", "「起止日期」不是日期，例如：2026-11-05 2026-11-05"),
        (
            ZHANGSAN,
            &chinese,
            "!委托 李四 11-12 2026-11-10",
            "「起止日期」结束早于开始或超过一年，例如：2026-11-05 2026-11-05",
        ),
        (
            ANN,
            &english,
            "!delegate 李四 soon later",
            "“Dates” is no date, for example: 2026-11-05 2026-11-05",
        ),
        (ANN, &english, "!delegate Ann 11-10 11-11", "Cannot be passed or delegated to the requester."),
    ] {
        stage.says(who, room, typed);
        stage.settle().await;
        assert_eq!(last(&stage, room), expected, "{typed}");
    }
    for _ in 0..DELEGATIONS_MAX {
        stage.says(ANN, &english, "!delegate 李四 11-10 11-11");
        stage.settle().await;
    }
    assert_eq!(last(&stage, &english), "李四 acts for you from 2026-11-10 to 2026-11-11.");
    stage.says(ANN, &english, "!delegate 李四 11-10 11-11");
    stage.settle().await;
    assert_eq!(
        last(&stage, &english),
        "“Delegations” are too many; end them all first, for example: !delegate off"
    );
}
