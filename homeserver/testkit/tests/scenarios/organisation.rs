//! The bot of the organisation through the real server: who is who, in both languages, and the rooms of departments.

use std::path::Path;

use serde_json::Value;

use crate::transcripts::Play;

/// What passes between two looks at what somebody sees.
const LOOK_MS: u64 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn golden_people_are_told_who_is_who_as_far_as_they_may_know() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/golden/organisation.txt");
    let mut play = Play::new("org", false).await;
    play.plays(&std::fs::read_to_string(file).unwrap()).await;
    play.has_shown_nothing_else().await;
}

/// The names of the rooms into which somebody is asked or where they are.
fn rooms(sync: &Value) -> Vec<String> {
    let invited =
        sync["rooms"]["invite"].as_object().into_iter().flatten().map(|(_, room)| &room["invite_state"]);
    let names = invited.filter_map(|state| {
        let events = state["events"].as_array()?.iter();
        let name = events.into_iter().find(|event| event["type"] == "m.room.name")?;
        name["content"]["name"].as_str().map(ToOwned::to_owned)
    });
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_has_its_space_and_rooms_and_whoever_left_is_in_none() {
    let mut play = Play::new("org", true).await;
    let [zhangsan, lisi] = [play.user("张三").await, play.user("李四").await];
    let expected = ["公司", "公司 公告", "公司 支持", "销售部", "销售部 公告", "销售部 讨论"];
    // The bot looks soon after its start, and again while something is left to do.
    play.world.restarts().await;
    for person in [&zhangsan, &lisi] {
        let has_all = |sync: &Value| {
            play.clock.advance(LOOK_MS);
            let names = rooms(sync);
            expected.iter().all(|wanted| names.iter().any(|name| name == wanted))
        };
        person.gets_until("/_matrix/client/v3/sync?timeout=0", has_all).await;
    }
    play.imports("工号,姓名,部门,账号,状态\n1,张三,总部/销售部,zhangsan,离职\n").await;
    play.world.restarts().await;
    let is_out = |sync: &Value| {
        play.clock.advance(LOOK_MS);
        rooms(sync).is_empty()
    };
    zhangsan.gets_until("/_matrix/client/v3/sync?timeout=0", is_out).await;
    let left = lisi.get("/_matrix/client/v3/sync?timeout=0").await.ok();
    assert!(rooms(&left).iter().any(|name| name == "销售部 讨论"), "others stay where they are");
}
