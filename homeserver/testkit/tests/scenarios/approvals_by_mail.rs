//! An approval that is decided from a mailbox, through the real server and a mail server on loopback.

use reqwest::Client;
use testkit::{Mailbox, ReceivedLetter, ServerProcess, free_port};

use crate::{
    approvals::imports,
    bots::{answer_to, room_with_bot},
};

/// 李四 was never here, and has a mailbox.
const STAFF: &str = "工号,姓名,部门,职位,部门主管,账号,邮箱\n\
    1,李四,总部/销售部,销售部主管,是,lisi,li@corp.example\n\
    2,张三,总部/销售部,专员,否,zhangsan,\n";

/// A server with bots that hands its letters to this mail server.
async fn with_post(directory: &std::path::Path, mailbox: &Mailbox) -> ServerProcess {
    let mail = format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"Lianqiao <chat@example.org>\"\n",
        mailbox.port()
    );
    let port = free_port();
    let mut server = ServerProcess::prepare(directory, port, &mail);
    let file = directory.join("lianqiao.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("[bots]\nenabled = false", "[bots]\nenabled = true")).unwrap();
    server.set_environment("LIANQIAO__SERVER__PUBLIC_BASE_URL", format!("http://127.0.0.1:{port}/"));
    server.spawn().await;
    server
}

/// The addresses of a letter's links: to agree, not to agree.
fn links(server: &ServerProcess, letter: &ReceivedLetter) -> [String; 2] {
    let root = format!("{}/_lianqiao/decisions/", server.client_url());
    let mut links: Vec<String> = letter
        .text
        .split(&root)
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| c.is_whitespace() || c == '"' || c == '<').next())
        .map(|rest| format!("{root}{rest}"))
        .collect();
    links.truncate(2);
    links.try_into().unwrap()
}

/// Opens a page; what its button sends along.
async fn token_of(browser: &Client, link: &str) -> String {
    let page = browser.get(link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let text = page.text().await.unwrap();
    let (_, rest) = text.split_once("name=\"token\" value=\"").expect("the page has a button");
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_never_here_decides_from_their_mailbox_and_it_can_be_proved() {
    let directory = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::start().await;
    let mut server = with_post(directory.path(), &mailbox).await;
    let zhangsan = server.user("zhangsan").await;
    imports(&server, directory.path(), STAFF.as_bytes()).await;
    let room = room_with_bot(&zhangsan, true).await;
    zhangsan.sends(&room, "!请假 tomorrow tomorrow 事假 家里有事").await.ok();

    let letter = mailbox.receives().await;
    assert_eq!(letter.to, "li@corp.example");
    assert!(letter.text.contains("[待审批] AP-") && letter.text.contains("家里有事"), "{}", letter.text);
    let no = &letter.text[letter.text.find("AP-").unwrap()..];
    let no = no.split_whitespace().next().unwrap().to_owned();
    let [yes, reject] = links(&server, &letter);
    let browser = Client::builder().no_proxy().build().unwrap();
    let presses = |link: String, body: String| {
        browser.post(link).header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    // What a program does that reads mail: it opens everything, and perhaps it sends a form.
    token_of(&browser, &reject).await;
    assert_eq!(presses(reject.clone(), "words=spam".to_owned()).await.unwrap().status(), 422);
    let token = token_of(&browser, &yes).await;
    let done = presses(yes.clone(), format!("words=ok&token={token}")).await.unwrap();
    assert_eq!(done.status(), 200);
    assert!(done.text().await.unwrap().contains("[已通过]"));
    let late = browser.get(&reject).send().await.unwrap();
    assert_eq!(late.status(), 409);
    assert!(late.text().await.unwrap().contains("通过邮件处理：同意"));

    let asked = zhangsan.sends(&room, &format!("!verify {no}")).await.event_id();
    let verdict = answer_to(&zhangsan, &room, &asked).await;
    let said = verdict["content"]["body"].as_str().unwrap();
    assert!(said.starts_with("OK · 3 条记录"), "{said}");
    server.stop().await;
    let file = directory.path().join("all.jsonl");
    let (succeeded, said) = server.commands(&["export", file.to_str().unwrap()]).await;
    assert!(succeeded, "{said}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"via\":\"email\"") && text.contains("\"type\":\"link\""), "{text}");
    let (succeeded, said) = server.commands(&["verify", file.to_str().unwrap()]).await;
    assert!(succeeded && said.starts_with("OK: 1 cases, 3 records"), "{said}");
}
