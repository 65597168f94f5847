//! The bot of the organisation through the real server: who is who, in both languages, and the rooms of departments.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{User, limits, segment};

use crate::{
    approvals::{imports, with_bots},
    transcripts::Play,
};

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
    let (company, others) = (invited_to(&lisi, "公司").await, invited_to(&lisi, "销售部 讨论").await);
    let notice = invited_to(&lisi, "销售部 公告").await;
    for room in [&company, &others, &notice] {
        lisi.joins(room).await.ok();
        zhangsan.joins(room).await.ok();
    }
    // Announcements are the head's, talk is everybody's, and what the rooms are is the bot's.
    lisi.sends(&notice, "周五停电").await.ok();
    zhangsan.sends(&notice, "收到").await.fails_as(403, "M_FORBIDDEN");
    zhangsan.sends(&others, "收到").await.ok();
    for person in [&lisi, &zhangsan] {
        let name = json!({ "name": "我的群" });
        person.sets_state(&notice, "m.room.name", "", name).await.fails_as(403, "M_FORBIDDEN");
    }
    // Whoever left may have left while no bot was there to hear of it.
    play.plays("李四@task: !任务 写周报 @张三 明天 18:00\n→ 张三@task: [待开始] TK-\n").await;
    play.world.stops().await;
    play.imports("工号,姓名,部门,账号,状态\n1,张三,总部/销售部,zhangsan,离职\n").await;
    play.clock.advance(LEAVERS_MS);
    play.world.starts_again().await;
    for room in [&company, &others] {
        let path = format!("{CLIENT}/rooms/{}/state/m.room.member/{}", segment(room), segment(&zhangsan.id));
        let is_out = |member: &Value| {
            play.clock.advance(LOOK_MS);
            member["membership"] == "leave"
        };
        lisi.gets_until(&path, is_out).await;
        let others = lisi.state(room, "m.room.member", &lisi.id).await.ok();
        assert_eq!(others["membership"], "join", "others stay where they are");
    }
    is_locked_out(&play.world.stranger(), &zhangsan).await;
    play.plays("→ 李四@task: 张三 已离职").await;
}

const CLIENT: &str = "/_matrix/client/v3";

/// After so long every bot has looked who has left.
const LEAVERS_MS: u64 = 2 * 60_000;

/// The room of this name into which somebody is asked.
async fn invited_to(person: &User, name: &str) -> String {
    let sync = person.get(&format!("{CLIENT}/sync?timeout=0")).await.ok();
    let invited = sync["rooms"]["invite"].as_object().unwrap();
    let is_called = |room: &Value| {
        let mut events = room["invite_state"]["events"].as_array().into_iter().flatten();
        events.any(|event| event["type"] == "m.room.name" && event["content"]["name"] == name)
    };
    invited.iter().find(|(_, room)| is_called(room)).unwrap().0.clone()
}

fn login(person: &User) -> Value {
    json!({ "type": "m.login.password", "password": person.password(),
        "identifier": { "type": "m.id.user", "user": person.id } })
}

/// Nobody comes in, and the sessions from before are gone.
async fn is_locked_out(stranger: &User, person: &User) {
    stranger.post(&format!("{CLIENT}/login"), login(person)).await.fails_as(401, "M_USER_LOCKED");
    person.get(&format!("{CLIENT}/account/whoami")).await.fails_as(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_is_locked_out_though_the_server_was_killed_right_after_the_import() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = with_bots(directory.path()).await;
    let [zhangsan, lisi] = [server.user("zhangsan").await, server.user("lisi").await];
    let list = |status: &str| {
        format!("工号,姓名,部门,部门主管,账号,状态\n1,李四,总部,是,lisi,\n2,张三,总部,,zhangsan,{status}\n")
    };
    imports(&server, directory.path(), list("").as_bytes()).await;
    imports(&server, directory.path(), list("离职").as_bytes()).await;
    server.kill();
    server.spawn().await;
    let answers = |user: &User, answer: u16| {
        let (user, stranger) = (user.clone(), server.stranger());
        async move {
            let deadline = tokio::time::Instant::now() + limits::WORK_PATIENCE;
            while stranger.post(&format!("{CLIENT}/login"), login(&user)).await.status() != answer {
                assert!(tokio::time::Instant::now() < deadline, "{} is not {answer}", user.id);
                tokio::time::sleep(limits::LOOK_INTERVAL).await;
            }
        }
    };
    answers(&zhangsan, 401).await;
    is_locked_out(&server.stranger(), &zhangsan).await;
    lisi.get(&format!("{CLIENT}/account/whoami")).await.ok();

    // Whoever comes back finds their account as it was, and none of their devices.
    imports(&server, directory.path(), list("在职").as_bytes()).await;
    answers(&zhangsan, 200).await;
    let back = server.stranger().post(&format!("{CLIENT}/login"), login(&zhangsan)).await.ok();
    let back = server.stranger().with_token(back["access_token"].as_str().unwrap());
    let devices = back.get(&format!("{CLIENT}/devices")).await.ok();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 2, "those of the two logins: {devices}");
}
