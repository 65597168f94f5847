//! Looking for a time, and polls as Element sends them.

use kit::double::Stage;
use serde_json::{Value, json};

use super::{ANN, DAY, LISI, WANGWU, ZHANGSAN, card, chat, last, office, reads, says, team};

pub(super) fn poll(stage: &Stage, room: &str) -> Value {
    let events = stage.events_of_bots(room);
    let start = events.into_iter().find(|event| event["type"] == "org.matrix.msc3381.poll.start");
    start.unwrap_or_else(|| panic!("no poll in {room}"))
}

pub(super) fn votes(stage: &Stage, person: &str, room: &str, poll: &Value, answers: &[&str]) {
    let content = json!({
        "m.relates_to": { "rel_type": "m.reference", "event_id": poll["event_id"] },
        "org.matrix.msc3381.poll.response": { "answers": answers },
    });
    stage.sends(person, room, "org.matrix.msc3381.poll.response", content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_of_slots_ends_when_all_have_voted_and_the_organiser_picks() {
    let (mut stage, _) = office().await;
    let room = team(&mut stage, &[LISI, WANGWU, ANN]).await;
    says(&mut stage, ZHANGSAN, &room, "!meet 晨会 @李四 明天 09:00 2h").await;
    says(&mut stage, ZHANGSAN, &room, "!meet find 评审 @李四 @王五 60m 明天").await;
    let asked = poll(&stage, &room);
    let start = &asked["content"]["org.matrix.msc3381.poll.start"];
    assert_eq!(start["max_selections"], 5);
    assert_eq!(start["kind"], "org.matrix.msc3381.poll.disclosed");
    let answers: Vec<_> = start["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["org.matrix.msc1767.text"].as_str().unwrap())
        .collect();
    assert_eq!(answers.len(), 5);
    assert!(answers[0].starts_with("11-06 周五 11:"), "李四 is busy until 11: {answers:?}");

    votes(&stage, LISI, &room, &asked, &["1", "2"]);
    votes(&stage, WANGWU, &room, &asked, &["2"]);
    votes(&stage, ANN, &room, &asked, &["5"]);
    stage.settle().await;
    votes(&stage, ZHANGSAN, &room, &asked, &["2", "99", "nonsense"]);
    stage.settle().await;
    let choice = card(&stage, &room, "MT-20261105-0002 投票结果，请 张三 选定：");
    let text = reads(&stage, &room, &choice);
    assert!(
        text.contains("1️⃣ ") && text.contains("· 1 票 李四") && text.contains("· 3 票 李四、王五、张三"),
        "{text}"
    );
    let events = stage.events_of_bots(&room);
    let end = events.iter().find(|event| event["type"] == "org.matrix.msc3381.poll.end").unwrap();
    assert_eq!(
        end["content"]["m.relates_to"],
        json!({ "rel_type": "m.reference", "event_id": asked["event_id"] })
    );

    stage.reacts(LISI, &room, &choice, "2️⃣");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "你不是当前处理人。现在由 张三 处理。");
    let before = stage.said(&room).len();
    stage.reacts(LISI, &room, &choice, "1️⃣");
    stage.settle().await;
    assert_eq!(stage.said(&room).len(), before, "they are told once");
    stage.reacts(ZHANGSAN, &room, &choice, "2️⃣");
    stage.settle().await;
    let common = card(&stage, &room, "[找时间] MT-20261105-0002 评审 · 张三 · 5 个候选时间");
    assert_eq!(stage.offers(&room, &common), ["✅", "❔", "❌", "🔁"]);
    let text = reads(&stage, &room, &common);
    assert!(text.starts_with("[已预定] MT-20261105-0002 评审") && text.contains("李四✅  王五✅"), "{text}");
    stage.reacts(ZHANGSAN, &room, &choice, "1️⃣");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("已由 张三 于 "), "{}", last(&stage, &room));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_ends_after_a_day_and_over_a_restart() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet find @李四 30m 下周 下午").await;
    let desk = chat(&stage, LISI);
    let asked = poll(&stage, &desk);
    let slots = asked["content"]["org.matrix.msc3381.poll.start"]["answers"].to_string();
    assert!(slots.contains("11-09 周一 12:00") && !slots.contains("09:00"), "{slots}");
    votes(&stage, LISI, &desk, &asked, &["1"]);
    stage.settle().await;
    stage.restart().await;
    stage.advance_ms(DAY);
    stage.settle().await;
    let choice = card(&stage, &room, "MT-20261105-0001 投票结果");
    assert!(reads(&stage, &room, &choice).contains("1 票 李四"));
    votes(&stage, LISI, &desk, &asked, &["3"]);
    stage.settle().await;
    stage.replies(ZHANGSAN, &room, &choice, "1");
    stage.settle().await;
    let own = card(&stage, &room, "[找时间]");
    assert!(
        reads(&stage, &room, &own)
            .starts_with("[已预定] MT-20261105-0001 会议 · 张三 · 11-09 周一 12:00–12:30")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_are_minded_and_unknown_schedules_are_told() {
    let (mut stage, room) = office().await;
    says(&mut stage, ZHANGSAN, &room, "!meet find @ann @someone:partner 30m 明天").await;
    let said = stage.said(&room);
    assert!(said.contains(&"someone 的日程未知，未计入空闲。".to_owned()), "{said:#?}");
    let asked = poll(&stage, &room);
    let first = &asked["content"]["org.matrix.msc3381.poll.start"]["answers"][0]["org.matrix.msc1767.text"];
    assert_eq!(first, "11-06 周五 17:00–17:30", "nine o'clock in London");
    assert_eq!(
        says(&mut stage, ZHANGSAN, &room, "!meet find @ann 2h 明天").await,
        "这段时间里没有大家都空闲的时间。"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_about_too_many_people_is_told_how_many_there_may_be() {
    let (mut stage, room) = office().await;
    let guests: Vec<String> = (0..200).map(|guest| format!("guest{guest}@example.org")).collect();
    let told = says(&mut stage, ZHANGSAN, &room, &format!("!meet find {} 30m 明天", guests.join(" "))).await;
    assert_eq!(told, "「参会人」过多，例如：200");
}
