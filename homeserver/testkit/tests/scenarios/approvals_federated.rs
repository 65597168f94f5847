//! A step that somebody on another server decides: two real servers, two bots, and a decision that both can prove.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Authority, ServerProcess, User, free_port};

/// Two servers whose bots know each other, and the folders they live in.
struct Partners {
    ours: ServerProcess,
    theirs: ServerProcess,
    folders: [tempfile::TempDir; 2],
    /// Kept for as long as the servers use its files.
    _authority: Authority,
}

async fn server(directory: &Path, authority: &Authority, port: u16, partner: u16) -> ServerProcess {
    let mut server = ServerProcess::prepare(directory, free_port(), "");
    server.federates(authority, port);
    server.set_environment("LIANQIAO__BOTS__ENABLED", "true");
    server.set_environment("LIANQIAO__BOTS__PARTNERS", format!("[\"127.0.0.1:{partner}\"]"));
    server.spawn().await;
    server
}

async fn partners() -> Partners {
    let authority = Authority::new(&["127.0.0.1".to_owned()]);
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (here, there) = (free_port(), free_port());
    let ours = server(folders[0].path(), &authority, here, there).await;
    let theirs = server(folders[1].path(), &authority, there, here).await;
    Partners { ours, theirs, folders, _authority: authority }
}

async fn imports(server: &ServerProcess, directory: &Path, list: &str) {
    let file = directory.join("staff.csv");
    std::fs::write(&file, list).unwrap();
    let (succeeded, looked) = server.commands(&["org", "import", file.to_str().unwrap()]).await;
    assert!(succeeded, "{looked}");
    let id = looked.split_whitespace().last().unwrap().to_owned();
    let (succeeded, applied) = server.commands(&["org", "apply", &id]).await;
    assert!(succeeded, "{applied}");
}

/// The direct chat of somebody with the bot of their server; the bot need not have come yet.
async fn chat(server: &ServerProcess, person: &User) -> String {
    let bot = format!("@approvals:{}", server.server_name());
    let body = json!({ "preset": "private_chat", "is_direct": true, "invite": [bot] });
    person.creates_room_like(body).await.ok()["room_id"].as_str().unwrap().to_owned()
}

/// Waits for an event in a room.
async fn event(person: &User, room: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=100");
    let page = person
        .gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(&is_meant)))
        .await;
    page["chunk"].as_array().unwrap().iter().find(|event| is_meant(event)).unwrap().clone()
}

fn begins(event: &Value, text: &str) -> bool {
    let content = &event["content"];
    let body = content["m.new_content"]["body"].as_str().or(content["body"].as_str());
    body.is_some_and(|body| body.starts_with(text))
}

/// 张三 asks for a seal by a template whose last step is the partner's, behind these: the chat of 张三 and the number.
async fn asks_for_seal(
    partners: &Partners,
    (admin, zhangsan): (&User, &User),
    before: &[Value],
) -> (String, String) {
    let theirs = json!({ "server": partners.theirs.server_name(), "capability": "contract" });
    let last = json!({ "id": "last", "type": "approve", "mode": "or", "who": { "partner": theirs } });
    let flow = [before, &[last]].concat();
    let template = json!({
        "v": 1, "id": "seal", "name": {"zh": "用章"}, "aliases": ["用章"],
        "form": [{"id": "what", "type": "text", "label": {"zh": "文件"}, "required": true}],
        "flow": flow,
    });
    let desk = chat(&partners.ours, admin).await;
    admin.sends(&desk, &format!("!审批 publish {template}")).await.ok();
    event(admin, &desk, |event| begins(event, "模板已发布：seal@1")).await;
    let own = chat(&partners.ours, zhangsan).await;
    zhangsan.sends(&own, "!审批 用章 框架合同").await.ok();
    let card = event(zhangsan, &own, |event| begins(event, "[待审批] AP-")).await;
    let no = card["content"]["com.lianqiao.card"]["no"].as_str().unwrap().to_owned();
    (own, no)
}

/// Joins the room that a bot asks into.
async fn joins_when_asked(person: &User) -> String {
    let answer = person
        .syncs_until("an invitation", |sync| {
            sync["rooms"]["invite"].as_object().is_some_and(|rooms| !rooms.is_empty())
        })
        .await;
    let room = answer["rooms"]["invite"].as_object().unwrap().keys().next().unwrap().clone();
    person.joins(&room).await.ok();
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_decided_on_a_partners_server_and_proved_on_ours() {
    let partners = partners().await;
    let [zhangsan, lisi, admin] = [
        partners.ours.user("zhangsan").await,
        partners.ours.user("lisi").await,
        partners.ours.user("guanli").await,
    ];
    let wangwu = partners.theirs.user("wangwu").await;
    let ours = "工号,姓名,部门,部门主管,账号,角色\n1,李四,总部,是,lisi,\n2,张三,总部,,zhangsan,\n3,管理员,总部,,guanli,approval_admin\n";
    imports(&partners.ours, partners.folders[0].path(), ours).await;
    let theirs = "工号,姓名,部门,部门主管,账号,角色\n1,王五,法务部,是,wangwu,partner.contract\n";
    imports(&partners.theirs, partners.folders[1].path(), theirs).await;

    let first = json!({ "id": "n1", "type": "approve", "mode": "or", "who": { "users": ["1"] } });
    let (own, no) = asks_for_seal(&partners, (&admin, &zhangsan), &[first]).await;
    let head = chat(&partners.ours, &lisi).await;
    lisi.sends(&head, &format!("!同意 {no}")).await.ok();

    let case_room = joins_when_asked(&wangwu).await;
    let asked =
        event(&wangwu, &case_room, |event| begins(event, &format!("[待审批] {no} 用章 · 张三"))).await;
    let tap = wangwu.reacts(&case_room, asked["event_id"].as_str().unwrap(), "✅").await.event_id();
    event(&zhangsan, &own, |event| begins(event, &format!("[已通过] {no}"))).await;
    event(&wangwu, &case_room, |event| begins(event, &format!("[已通过] {no}"))).await;

    let is_decision = |event: &Value| {
        event["type"] == "com.lianqiao.record" && event["content"]["proof"]["hash"] == tap.as_str()
    };
    let record =
        event(&wangwu, &case_room, |event| is_decision(event) && event["content"]["no"] == no.as_str()).await;
    let wangwu_id = format!("@wangwu:{}", partners.theirs.server_name());
    assert_eq!(record["content"]["actor"], wangwu_id, "the partner holds our record of it");
    zhangsan.sends(&own, &format!("!verify {no}")).await.ok();
    event(&zhangsan, &own, |event| begins(event, "OK · 5 条记录 · 3 个服务器签名")).await;

    // Each side walks the chain of the other by its number.
    let there = chat(&partners.theirs, &wangwu).await;
    wangwu.sends(&there, &format!("!verify {no}")).await.ok();
    let good = format!("{} 的 {no}：OK · 5 条记录", partners.ours.server_name());
    event(&wangwu, &there, |event| begins(event, &good)).await;
    let is_theirs = |event: &Value| {
        event["type"] == "com.lianqiao.record"
            && event["content"]["no"].as_str().is_some_and(|no| no.starts_with("PR-"))
    };
    let request = event(&wangwu, &case_room, is_theirs).await;
    let number = request["content"]["no"].as_str().unwrap();
    zhangsan.sends(&own, &format!("!verify {number}")).await.ok();
    let good = format!("{} 的 {number}：OK · 2 条记录", partners.theirs.server_name());
    event(&zhangsan, &own, |event| begins(event, &good)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_sees_that_a_case_was_recalled() {
    let partners = partners().await;
    let [zhangsan, admin] = [partners.ours.user("zhangsan").await, partners.ours.user("guanli").await];
    let wangwu = partners.theirs.user("wangwu").await;
    let ours =
        "工号,姓名,部门,部门主管,账号,角色\n2,张三,总部,,zhangsan,\n3,管理员,总部,,guanli,approval_admin\n";
    imports(&partners.ours, partners.folders[0].path(), ours).await;
    let theirs = "工号,姓名,部门,部门主管,账号,角色\n1,王五,法务部,是,wangwu,partner.contract\n";
    imports(&partners.theirs, partners.folders[1].path(), theirs).await;
    let (own, no) = asks_for_seal(&partners, (&admin, &zhangsan), &[]).await;
    let case_room = joins_when_asked(&wangwu).await;
    event(&wangwu, &case_room, |event| begins(event, &format!("[待审批] {no} 用章 · 张三"))).await;
    zhangsan.sends(&own, &format!("!撤回 {no}")).await.ok();
    event(&wangwu, &case_room, |event| begins(event, &format!("[已撤回] {no} 用章 · 张三"))).await;
}
