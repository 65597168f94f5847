//! Approvals through the real server: from a staff list to a proof that needs no server.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::Value;
use testkit::{ServerProcess, User, free_port};

use crate::bots::{BOT, answer_to, room_with_bot};

const STAFF: &str = "工号,姓名,部门,职位,部门主管,账号\n\
    1,李四,总部/销售部,销售部主管,是,lisi\n\
    2,张三,总部/销售部,专员,否,zhangsan\n";

/// A server with bots.
pub async fn with_bots(directory: &Path) -> ServerProcess {
    let mut server = prepared(directory, free_port());
    server.spawn().await;
    server
}

/// The same before it is started, at this port.
fn prepared(directory: &Path, port: u16) -> ServerProcess {
    let server = ServerProcess::prepare(directory, port, "");
    let file = directory.join("lianqiao.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("[bots]\nenabled = false", "[bots]\nenabled = true")).unwrap();
    server
}

/// Imports a staff list: the dry run, and what applying it said.
pub async fn imports(server: &ServerProcess, directory: &Path, list: &[u8]) -> (String, String) {
    let file = directory.join("staff.csv");
    std::fs::write(&file, list).unwrap();
    let (succeeded, looked) = server.commands(&["org", "import", file.to_str().unwrap()]).await;
    assert!(succeeded, "{looked}");
    let id = looked.split_whitespace().last().unwrap().to_owned();
    let (succeeded, applied) = server.commands(&["org", "apply", &id]).await;
    assert!(succeeded, "{applied}");
    (looked, applied)
}

/// Joins the direct chat that the bot made.
pub async fn joins_the_bots_chat(person: &User) -> String {
    let answer = person
        .syncs_until("the bot's invitation", |sync| {
            sync["rooms"]["invite"].as_object().is_some_and(|rooms| !rooms.is_empty())
        })
        .await;
    let room = answer["rooms"]["invite"].as_object().unwrap().keys().next().unwrap().clone();
    person.joins(&room).await.ok();
    room
}

/// Waits for an event of the bot in a room.
async fn event_of_bot(person: &User, room: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=100");
    let is_meant = |event: &Value| event["sender"] == BOT && is_meant(event);
    let page = person
        .gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(is_meant)))
        .await;
    page["chunk"].as_array().unwrap().iter().find(|event| is_meant(event)).unwrap().clone()
}

fn begins(event: &Value, text: &str) -> bool {
    event["content"]["body"].as_str().is_some_and(|body| body.starts_with(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_is_asked_for_decided_and_proved() {
    let directory = tempfile::tempdir().unwrap();
    let server = with_bots(directory.path()).await;
    let [zhangsan, lisi] = [server.user("zhangsan").await, server.user("lisi").await];
    imports(&server, directory.path(), STAFF.as_bytes()).await;

    let hall = room_with_bot(&zhangsan, false).await;
    let asked = zhangsan.sends(&hall, "!请假 tomorrow tomorrow 事假 家里有事").await.event_id();
    let answer = answer_to(&zhangsan, &hall, &asked).await;
    let told = answer["content"]["body"].as_str().unwrap();
    let no = told.trim_start_matches("已收到 ").split('，').next().unwrap().to_owned();
    assert!(no.starts_with("AP-") && !told.contains("家里有事"), "the room learns a number only: {told}");

    let desk = joins_the_bots_chat(&lisi).await;
    let card = event_of_bot(&lisi, &desk, |event| begins(event, &format!("[待审批] {no} 请假 · 张三"))).await;
    assert_eq!(card["content"]["msgtype"], "m.text", "something to do rings");
    assert_eq!(card["content"]["m.mentions"]["user_ids"][0], "@lisi:test.example");
    assert_eq!(card["content"]["com.lianqiao.card"]["no"], no);
    lisi.reacts(&desk, card["event_id"].as_str().unwrap(), "✅").await.ok();
    let edit = event_of_bot(&lisi, &desk, |event| {
        let new = &event["content"]["m.new_content"]["body"];
        new.as_str().is_some_and(|body| body.starts_with(&format!("[已通过] {no}")))
    })
    .await;
    assert_eq!(edit["content"]["m.relates_to"]["event_id"], card["event_id"]);

    let asked = lisi.sends(&desk, &format!("!拒绝 {no} 太久")).await.event_id();
    let late = answer_to(&lisi, &desk, &asked).await;
    assert!(begins(&late, "已由 李四 于 "), "a second decision meets the first: {late}");
    let asked = zhangsan.sends(&hall, &format!("!verify {no}")).await.event_id();
    let verdict = answer_to(&zhangsan, &hall, &asked).await;
    assert!(begins(&verdict, "OK · 3 条记录 · "), "{verdict}");
    let asked = lisi.sends(&desk, "!verify AP-20000101-0001").await.event_id();
    assert!(begins(&answer_to(&lisi, &desk, &asked).await, "找不到编号 AP-20000101-0001"));

    proves(&server, directory.path(), &zhangsan, &hall, &no).await;
    exports(server, directory.path(), &no).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_filled_in_in_a_browser_by_its_link_and_handed_in_once() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut server = prepared(directory.path(), port);
    server.set_environment("LIANQIAO__SERVER__PUBLIC_BASE_URL", format!("http://127.0.0.1:{port}/"));
    server.spawn().await;
    let [zhangsan, lisi] = [server.user("zhangsan").await, server.user("lisi").await];
    imports(&server, directory.path(), STAFF.as_bytes()).await;
    let room = room_with_bot(&zhangsan, true).await;
    zhangsan.sends(&room, "!表单 请假").await.ok();
    let forms = format!("http://127.0.0.1:{port}/_lianqiao/forms/");
    let has_link =
        |event: &Value| event["content"]["body"].as_str().is_some_and(|body| body.contains(&forms));
    let given = event_of_bot(&zhangsan, &room, has_link).await;
    let body = given["content"]["body"].as_str().unwrap();
    let link = &body[body.find(&forms).unwrap()..];

    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = browser.get(link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(page.text().await.unwrap().contains("请假 · 申请人 张三"));
    let sends = |inputs: &'static str| {
        let form = "application/x-www-form-urlencoded";
        browser.post(link).header("content-type", form).body(inputs).send()
    };
    let wrong = sends("f.dates.from=%E6%98%8E%E5%A4%A9&f.kind=%3Cscript%3E&do=submit").await.unwrap();
    assert_eq!(wrong.status(), 422);
    let text = wrong.text().await.unwrap();
    assert!(text.contains("不在可选项中") && !text.contains("<script"), "{text}");
    let filled = "f.dates.from=%E6%98%8E%E5%A4%A9&f.kind=1&f.reason=a+b&do=submit";
    assert_eq!(sends(filled).await.unwrap().status(), 200);
    assert_eq!(sends(filled).await.unwrap().status(), 404, "a link is for one use");
    let forged = browser.get(format!("{link}A")).send().await.unwrap();
    assert_eq!(forged.status(), 404);

    let desk = joins_the_bots_chat(&lisi).await;
    let card = event_of_bot(&lisi, &desk, |event| begins(event, "[待审批] AP-")).await;
    assert!(card["content"]["body"].as_str().unwrap().contains("事由: a b"), "{card}");
}

/// Exports cases on the command line, while the bots run and when nothing does.
async fn exports(mut server: ServerProcess, directory: &Path, no: &str) {
    let file = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    for (name, named) in [("all.jsonl", None), ("one.jsonl", Some(no)), ("stopped.jsonl", None)] {
        if name == "stopped.jsonl" {
            let (succeeded, said) = server.commands(&["keys", "records", "rotate"]).await;
            assert!(!succeeded && said.contains("the bots run"), "{said}");
            server.stop().await;
        }
        let path = file(name);
        let arguments: Vec<&str> = ["export", path.as_str()].into_iter().chain(named).collect();
        let (succeeded, said) = server.commands(&arguments).await;
        assert!(succeeded && said.starts_with("1 cases are in "), "{name}: {said}");
        let (succeeded, said) = server.commands(&["verify", &path]).await;
        assert!(succeeded && said.starts_with("OK: 1 cases, 3 records"), "{name}: {said}");
    }
    let mode = std::fs::metadata(file("all.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "what people wrote into forms is read by the operator alone");
    let before = std::fs::read(file("all.jsonl")).unwrap();
    let (succeeded, said) = server.commands(&["export", &file("all.jsonl")]).await;
    assert!(!succeeded && said.contains("cannot be written"), "{said}");
    assert_eq!(std::fs::read(file("all.jsonl")).unwrap(), before, "what is there stays");
    let (succeeded, said) = server.commands(&["export", &file("none.jsonl"), "AP-20000101-0001"]).await;
    assert!(!succeeded && said.contains("no case has the number AP-20000101-0001"), "{said}");
    assert!(!Path::new(&file("none.jsonl")).exists());
    let (succeeded, said) = server.commands(&["export", &file("behind.jsonl"), "--after", no]).await;
    assert!(succeeded && said.starts_with("0 cases are in "), "{said}");
    rotates(&server, &file("rotated.jsonl")).await;
}

/// Replaces the key that signs records; an export from then on verifies by the old key and by the new one.
async fn rotates(server: &ServerProcess, export: &str) {
    let (succeeded, said) = server.commands(&["keys", "records", "list"]).await;
    assert!(succeeded && said.starts_with("ed25519:ent_1="), "{said}");
    let (succeeded, said) = server.commands(&["keys", "records", "rotate"]).await;
    assert!(succeeded && said.contains("signed until"), "{said}");
    let keys: Vec<&str> = said.lines().take(2).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(keys[0].starts_with("ed25519:ent_2=") && keys[1].starts_with("ed25519:ent_1="), "{said}");
    let (succeeded, said) = server.commands(&["export", export]).await;
    assert!(succeeded, "{said}");
    for key in keys {
        let (succeeded, said) = server.commands(&["verify", export, "--key", key]).await;
        assert!(succeeded && said.starts_with("OK: 1 cases, 3 records"), "{key}: {said}");
    }
}

/// Exports a case and verifies the file without the server, as it is and with a changed byte.
async fn proves(server: &ServerProcess, directory: &Path, person: &User, hall: &str, no: &str) {
    let own = joins_the_bots_chat(person).await;
    person.sends(hall, &format!("!approval export {no}")).await.ok();
    let is_export = |event: &Value| event["content"]["info"]["mimetype"] == "application/jsonl";
    let file = event_of_bot(person, &own, is_export).await;
    let content = person.downloads(file["content"]["url"].as_str().unwrap()).await;
    let path = directory.join("export.jsonl");
    std::fs::write(&path, &content.bytes).unwrap();
    let (succeeded, said) = server.commands(&["verify", path.to_str().unwrap()]).await;
    assert!(succeeded && said.starts_with("OK: 1 cases, 3 records"), "{said}");
    let text = String::from_utf8(content.bytes.to_vec()).unwrap();
    std::fs::write(&path, text.replacen("\"action\":\"approve\"", "\"action\":\"approvE\"", 1)).unwrap();
    let (succeeded, said) = server.commands(&["verify", path.to_str().unwrap()]).await;
    assert!(!succeeded && said.contains(&format!("{no}: record 3 has a wrong signature")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_list_is_looked_at_before_it_is_applied_whether_the_server_runs_or_not() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = with_bots(directory.path()).await;
    let (looked, applied) = imports(&server, directory.path(), STAFF.as_bytes()).await;
    assert!(looked.contains("UTF-8") && looked.contains("新增 new: 2"), "{looked}");
    assert!(applied.contains("2 people changed; the organisation is at version 1."), "{applied}");
    server.stop().await;
    let (looked, applied) = imports(&server, directory.path(), STAFF.as_bytes()).await;
    assert!(looked.contains("不变 unchanged: 2"), "{looked}");
    assert!(applied.contains("0 people changed; the organisation is at version 1."), "{applied}");
    let broken = directory.path().join("broken.csv");
    std::fs::write(&broken, "姓名,部门\n甲,总部\n").unwrap();
    let (succeeded, said) = server.commands(&["org", "import", broken.to_str().unwrap()]).await;
    assert!(!succeeded && said.contains("缺少必填列：工号"), "{said}");
}
