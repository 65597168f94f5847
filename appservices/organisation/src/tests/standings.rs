//! Whoever is away or has left, as the homeserver hears of it.

use kit::double::Fault;

use super::*;

/// Who is said to stand how, and who said so.
fn standings(stage: &Stage) -> [Option<(String, String)>; 3] {
    [ZHAOLIU, LISI, ZHANGSAN].map(|account| stage.homeserver().standing_of(account))
}

fn said(standing: &str) -> Option<(String, String)> {
    Some((standing.to_owned(), "test".to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_away_or_has_left_is_told_to_the_homeserver_until_they_are_back() {
    let mut stage = office().await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage), [None, None, None], "of who is simply here nothing is said");
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n3,张三,总部/销售部,停用\n").await;
    // The homeserver does not answer, or its answer is lost in a crash.
    let lost = kit::CallError::Unreachable("down".to_owned());
    stage.homeserver().faults([Fault::Lost(lost), Fault::AnswerLost]);
    for _ in 0..3 {
        stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
        stage.settle().await;
        stage.restart().await;
    }
    assert_eq!(standings(&stage), [None, said("left"), said("suspended")]);
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,\n3,张三,总部/销售部,在职\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage), [None, said("active"), said("active")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_before_anybody_saw_the_answer_is_let_in_again() {
    let mut stage = office().await;
    stage.settle().await;
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.fails_next(Fault::AnswerLost);
    stage.settle().await;
    assert_eq!(standings(&stage)[1], said("left"));
    // The bots are killed before they ask again.
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,在职\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage)[1], said("active"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_whom_the_homeserver_could_not_do_it_is_told_again_and_holds_up_nobody() {
    let mut stage = office().await;
    stage.homeserver().leaves_unfinished(LISI);
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n3,张三,总部/销售部,停用\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage)[2], said("suspended"), "the others are not held up");
    stage.restart().await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage), [None, said("left"), said("suspended")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_account_the_homeserver_does_not_lock_is_told_to_who_may_change_the_organisation_once() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    stage.homeserver().is_administrator(LISI);
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    for _ in 0..3 {
        stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
        stage.settle().await;
        stage.restart().await;
    }
    let told = "⚠️ 李四 (@lisi:test) 已离职，但服务器没有照做：这是服务器管理员的账号，请由其他管理员处理：lianqiao user lock";
    let count = |stage: &Stage| stage.said(&chat).iter().filter(|text| *text == told).count();
    assert_eq!(count(&stage), 1, "{:?}", stage.said(&chat));
    // Another change of the organisation has it asked for again, and is no news.
    imports(&mut stage, "工号,姓名,部门\n9,钱九,总部\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(count(&stage), 1);
    // Who came back in between leaves anew.
    for (status, times) in [("在职", 1), ("离职", 2)] {
        imports(&mut stage, &format!("工号,姓名,部门,状态\n2,李四,总部/销售部,{status}\n")).await;
        stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
        stage.settle().await;
        assert_eq!(count(&stage), times, "{status}");
    }
}
