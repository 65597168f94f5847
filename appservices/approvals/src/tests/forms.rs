//! Forms as a whole: filled in by a reply, and in a browser by whoever has the link.

use axum::{Router, body::Body};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kit::double::Stage;
use tower::ServiceExt as _;

use super::talk::{card, chat, imports, last, office, reads};
use crate::{Approvals, LOCALPART, limits::FORM_BYTES_MAX, web::Forms};

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const ANN: &str = "@ann:test";
const ADMIN: &str = "@admin:test";

/// Where browsers reach the server on the stage.
pub(super) const PUBLIC_URL: &str = "https://chat.test";

/// What a browser was shown.
pub(super) struct Shown {
    pub status: StatusCode,
    headers: http::HeaderMap,
    pub text: String,
}

fn pages(stage: &Stage) -> Router {
    Forms::new(Approvals::in_public(stage.kit().clone(), Some(PUBLIC_URL.to_owned()))).router()
}

async fn asks(stage: &Stage, request: Request<Body>) -> Shown {
    let response = pages(stage).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Shown { status: parts.status, headers: parts.headers, text }
}

pub(super) async fn opens(stage: &Stage, path: &str) -> Shown {
    asks(stage, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn posts(stage: &Stage, path: &str, kind: &str, body: impl Into<Body>) -> Shown {
    let request = Request::post(path).header(header::CONTENT_TYPE, kind).body(body.into());
    asks(stage, request.unwrap()).await
}

pub(super) async fn sends(stage: &Stage, path: &str, inputs: &[(&str, &str)]) -> Shown {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(inputs).finish();
    posts(stage, path, "application/x-www-form-urlencoded", body).await
}

/// The path of the newest link in a room.
pub(super) fn link(stage: &Stage, room: &str) -> String {
    let said = stage.said(room);
    let links = said.iter().rev().find_map(|body| body.rsplit_once(PUBLIC_URL));
    links.expect("a link was given").1.trim().to_owned()
}

const LEAVE: [(&str, &str); 4] =
    [("f.dates.from", "2026-11-10"), ("f.dates.to", "2026-11-12"), ("f.kind", "1"), ("f.reason", "家里有事")];

pub(super) fn pressed<'a>(button: &'a str, inputs: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [inputs, &[("do", button)]].concat()
}

#[tokio::test]
async fn a_form_is_filled_in_in_a_browser_and_handed_in_once() {
    let (mut stage, room) = office().await;
    let asked = stage.says(ZHANGSAN, &room, "!表单 请假");
    stage.settle().await;
    let given = last(&stage, &room);
    assert!(given.contains("AP-20261105-0001") && given.contains("15 分钟内有效"), "{given}");
    let path = link(&stage, &room);

    let page = opens(&stage, &path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("AP-20261105-0001 请假 · 申请人 张三"), "{}", page.text);
    assert!(!page.text.contains("<script") && !page.text.contains("src="), "{}", page.text);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");

    // What is wrong is said beside the field, and what was typed stays.
    let mut wrong = LEAVE;
    wrong[1].1 = "2026-11-09";
    let page = sends(&stage, &path, &pressed("submit", &wrong)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("结束早于开始或超过一年") && page.text.contains("家里有事"), "{}", page.text);
    let page = sends(&stage, &path, &pressed("submit", &LEAVE[2..])).await;
    assert!(page.text.contains("不能为空"), "{}", page.text);

    let page = sends(&stage, &path, &pressed("submit", &LEAVE)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("已收到"), "{}", page.text);
    // What was acknowledged outlives the process.
    stage.restart().await;
    stage.settle().await;
    assert!(stage.said(&room).contains(&"已提交 AP-20261105-0001。".to_owned()), "{:?}", stage.said(&room));
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批] AP-20261105-0001 请假 · 张三 · 2026-11-10 – 2026-11-12 (3天)");
    assert!(reads(&stage, &desk, &mine).contains("家里有事"));

    for page in [opens(&stage, &path).await, sends(&stage, &path, &pressed("submit", &LEAVE)).await] {
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(page.text.contains("链接已失效") && page.text.contains("This link is over"), "{}", page.text);
    }
    stage.says(ZHANGSAN, &room, "!审批 export AP-20261105-0001");
    stage.settle().await;
    let file = stage.newest(&room, |body| body.ends_with("的导出文件"));
    let text = String::from_utf8(stage.file(&room, &file)).unwrap();
    assert!(cases::verify_export(text.as_bytes(), &cases::PublicKeys::default()).is_ok());
    // The record names the event by which the link was asked for.
    assert!(text.contains("\"via\":\"web\"") && text.contains(&asked), "{text}");
}

#[tokio::test]
async fn a_draft_is_saved_in_english_and_shows_what_it_holds() {
    let (mut stage, _) = office().await;
    let room = stage.room_with(ANN, LOCALPART, true);
    stage.settle().await;
    let root = stage.says(ANN, &room, "!leave 2026-11-10 2026-11-11");
    stage.settle().await;
    stage.says_in_thread(ANN, &room, &root, "!form");
    stage.settle().await;
    let path = link(&stage, &room);
    let page = opens(&stage, &path).await;
    assert!(page.text.contains("lang=\"en\"") && page.text.contains("requested by Ann"), "{}", page.text);
    assert!(page.text.contains("value=\"2026-11-10\"") && page.text.contains("until noon"), "{}", page.text);
    let half = [("f.dates.from", "2026-11-10"), ("f.dates.starts", "pm"), ("f.dates.to", "2026-11-11")];
    let page = sends(&stage, &path, &pressed("save", &half)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    stage.settle().await;
    let saved = last(&stage, &room);
    assert!(saved.starts_with("AP-20261105-0001 is saved.\nPlease give “"), "{saved}");
    stage.says_in_thread(ANN, &room, &root, "1");
    stage.settle().await;
    stage.says_in_thread(ANN, &room, &root, "submit");
    stage.settle().await;
    card(
        &stage,
        &chat(&stage, ADMIN),
        "[待审批] AP-20261105-0001 请假 · Ann · 2026-11-10 – 2026-11-11 (1.5天)",
    );
}

#[tokio::test]
async fn a_link_is_good_for_its_case_its_time_and_until_the_next_one() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!表单 请假");
    stage.settle().await;
    let first = link(&stage, &room);
    stage.says(ZHANGSAN, &room, "!表单 AP-20261105-0001");
    stage.settle().await;
    let second = link(&stage, &room);
    assert_ne!(first, second);
    stage.says(ZHANGSAN, &room, "!表单 请假");
    stage.settle().await;
    let third = link(&stage, &room);
    let (case, _) = second.rsplit_once('/').unwrap();
    let (other, signature) = third.rsplit_once('/').unwrap();
    let forged = [
        first.clone(),
        format!("{case}/{signature}"),
        format!("{other}/{}", signature.chars().rev().collect::<String>()),
        format!("{other}/x"),
        format!("{other}/{}", "A".repeat(10_000)),
        format!("/_lianqiao/forms/%00%ff/{signature}"),
    ];
    for path in &forged {
        let page = sends(&stage, path, &pressed("submit", &LEAVE)).await;
        assert!(page.status.is_client_error(), "{path}: {}", page.status);
    }
    assert_eq!(opens(&stage, &second).await.status, StatusCode::OK);
    stage.advance_ms(15 * 60 * 1_000);
    for path in [&second, &third] {
        assert_eq!(sends(&stage, path, &pressed("submit", &LEAVE)).await.status, StatusCode::NOT_FOUND);
    }
    stage.settle().await;
    assert_eq!(stage.direct(LOCALPART, LISI), None, "nobody was asked anything");
}

#[tokio::test]
async fn hostile_input_is_refused_and_shown_as_text() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!表单 请假");
    stage.settle().await;
    let path = link(&stage, &room);
    let markup = "\"></textarea><script>alert(1)</script>'&";
    for name in ["f.reason", "f.dates.from", "f.kind", "f.dates.starts"] {
        let page = sends(&stage, &path, &pressed("submit", &[(name, markup)])).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
    let long = "x".repeat(9_000);
    let page = sends(&stage, &path, &pressed("submit", &[("f.reason", &long)])).await;
    assert!(page.text.contains("过长"), "{}", page.text);
    for (kind, body) in [
        ("application/x-www-form-urlencoded", "a=1&".repeat(10_000)),
        ("application/x-www-form-urlencoded", "x".repeat(FORM_BYTES_MAX + 1)),
        ("application/json", "{}".to_owned()),
        ("multipart/form-data; boundary=x", "--x--".to_owned()),
    ] {
        assert_eq!(posts(&stage, &path, kind, body).await.status, StatusCode::PAYLOAD_TOO_LARGE, "{kind}");
    }
    // A button that there is not changes nothing, and neither does a field that there is not.
    for inputs in [&[("do", "approve")][..], &[("more", "nothing")], &[("more", "dates")], &[]] {
        assert_eq!(sends(&stage, &path, inputs).await.status, StatusCode::OK);
    }
    let foreign = [&LEAVE[..], &[("f.starter", "2"), ("f.amount", "1"), ("state", "approved")]].concat();
    // Sent twice at once, it is taken once.
    let forms = pages(&stage);
    let body =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pressed("submit", &foreign)).finish();
    let request = || {
        let request = Request::post(&path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(Body::from(body.clone())).unwrap()
    };
    let (one, other) = tokio::join!(forms.clone().oneshot(request()), forms.clone().oneshot(request()));
    let mut statuses = [one.unwrap().status(), other.unwrap().status()];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::NOT_FOUND]);
    stage.settle().await;
    let cards =
        stage.said(&chat(&stage, LISI)).into_iter().filter(|body| body.starts_with("[待审批]")).count();
    assert_eq!(cards, 1);
}

#[tokio::test]
async fn a_link_is_for_the_starter_alone_and_goes_to_their_direct_chat() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假");
    stage.settle().await;
    let desk = stage.room_with(LISI, LOCALPART, true);
    stage.settle().await;
    stage.says(LISI, &desk, "!表单 AP-20261105-0001");
    stage.settle().await;
    assert!(last(&stage, &desk).starts_with("找不到编号 AP-20261105-0001"), "{}", last(&stage, &desk));
    stage.says(LISI, &desk, "!表单 月球");
    stage.settle().await;
    assert!(last(&stage, &desk).starts_with("找不到编号 月球"), "{}", last(&stage, &desk));
    let hall = stage.room_with(ZHANGSAN, LOCALPART, false);
    stage.settle().await;
    stage.says(ZHANGSAN, &hall, "!表单 请假");
    stage.settle().await;
    assert_eq!(stage.said(&hall), ["已收到 AP-20261105-0002，请看与我的私聊。"]);
    let path = link(&stage, &room);
    // Whoever was handed in meanwhile cannot be changed by the link.
    for inputs in ["2026-11-10 2026-11-10", "1", "x", "提交"] {
        stage.says(ZHANGSAN, &room, inputs);
        stage.settle().await;
    }
    let page = sends(&stage, &path, &pressed("submit", &LEAVE)).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.text);
    // Who has left fills in nothing.
    stage.says(ZHANGSAN, &room, "!表单 请假");
    stage.settle().await;
    let path = link(&stage, &room);
    imports(&mut stage, "工号,姓名,部门,状态\n1,张三,总部/销售部,离职\n").await;
    let page = sends(&stage, &path, &pressed("submit", &LEAVE)).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.text);
}

#[tokio::test]
async fn a_list_has_lines_in_the_browser_and_what_is_masked_is_kept_and_not_shown() {
    let (mut stage, room) = office().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    let template = serde_json::json!({
        "v": 1, "id": "buy", "name": {"zh": "采购"}, "aliases": ["采购"],
        "form": [
            {"id": "account", "type": "text", "label": {"zh": "账户"}, "required": true, "sensitive": true},
            {"id": "items", "type": "list", "label": {"zh": "明细"}, "required": true, "columns": [
                {"id": "what", "type": "text", "label": {"zh": "名称"}, "required": true},
                {"id": "price", "type": "amount", "label": {"zh": "单价"}, "required": true},
                {"id": "when", "type": "datetime", "label": {"zh": "时间"}},
            ]},
            {"id": "total", "type": "formula", "currency": "CNY", "formula": "sum(items.price)", "label": {"zh": "合计"}},
            {"id": "tags", "type": "multi", "options": ["急", "大额"], "label": {"zh": "标记"}},
        ],
        "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"role": "cfo"}}],
    });
    stage.says(ADMIN, &desk, &format!("!审批 publish {template}"));
    stage.settle().await;
    let root = stage.says(ZHANGSAN, &room, "!审批 采购 62220001234");
    stage.settle().await;
    stage.says_in_thread(ZHANGSAN, &room, &root, "!表单");
    stage.settle().await;
    let asked = last(&stage, &room);
    assert!(asked.contains("明细（名称 单价 时间）: \n标记（急 / 大额）: "), "{asked}");
    let path = link(&stage, &room);
    let page = opens(&stage, &path).await;
    assert!(page.text.contains("已填写，不显示") && !page.text.contains("1234"), "{}", page.text);
    assert_eq!(page.text.matches("name=\"f.items.4.0\"").count(), 1);
    assert!(!page.text.contains("name=\"f.items.5.0\""));
    let typed = [("f.items.rows", "5"), ("f.items.0.0", "椅子"), ("more", "items")];
    let page = sends(&stage, &path, &typed).await;
    assert!(page.text.contains("name=\"f.items.9.0\"") && page.text.contains("椅子"), "{}", page.text);
    for (rows, last) in [("999999999", 199), ("-1", 4), ("x", 4)] {
        let page = sends(&stage, &path, &[("f.items.rows", rows), ("do", "stay")]).await;
        assert!(page.text.contains(&format!("name=\"f.items.{last}.0\"")), "{rows}");
        assert!(!page.text.contains(&format!("name=\"f.items.{}.0\"", last + 1)), "{rows}");
    }
    let page = sends(&stage, &path, &[("f.items.0.0", "椅子"), ("do", "submit")]).await;
    assert!(page.text.contains("有一行缺少内容"), "{}", page.text);
    let filled = [
        ("f.items.rows", "10"),
        ("f.items.0.0", "椅子; 木"),
        ("f.items.0.1", "1,280.50"),
        ("f.items.7.0", "桌子"),
        ("f.items.7.1", "20"),
        ("f.items.7.2", "2026-11-10T09:30"),
        ("f.tags", "1"),
        ("f.tags", "2"),
        ("f.total", "1"),
        ("do", "submit"),
    ];
    let page = sends(&stage, &path, &filled).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    stage.settle().await;
    let chair = chat(&stage, "@wangwu:test");
    let mine = card(&stage, &chair, "[待审批]");
    let shown = reads(&stage, &chair, &mine);
    for line in [
        "账户: 尾号 1234",
        "明细: (2) 椅子; 木 ¥1,280.50；桌子 ¥20.00 2026-11-10 09:30",
        "合计: ¥1,300.50",
        "标记: 急、大额",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[tokio::test]
async fn a_reply_fills_in_all_the_fields_that_it_names() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!表单 请假");
    stage.settle().await;
    let form = stage.newest(&room, |body| body.contains("回复以下各行"));
    let shown = reads(&stage, &room, &form);
    assert!(shown.contains("\n日期: \n类型（"), "{shown}");
    // Every field that does not fit is named, and nothing is taken.
    stage.replies(ZHANGSAN, &room, &form, "日期：2026-13-01\n类型（年假 / 事假）: 月假\n事由: 家里有事");
    stage.settle().await;
    let wrong = last(&stage, &room);
    assert!(wrong.contains("「日期」不是日期") && wrong.contains("「类型」不在可选项中"), "{wrong}");
    stage.replies(
        ZHANGSAN,
        &room,
        &form,
        "日期：2026-11-10 2026-11-11\n类型: 事假\n事由: 家里有事\n还有行李",
    );
    stage.settle().await;
    assert_eq!(last(&stage, &room), "已填好。回复「提交」，或「取消」。");
    stage.says(ZHANGSAN, &room, "提交");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批] AP-20261105-0001 请假 · 张三 · 2026-11-10 – 2026-11-11 (2天)");
    assert!(reads(&stage, &desk, &mine).contains("家里有事"));

    let ann = stage.room_with(ANN, LOCALPART, true);
    stage.settle().await;
    stage.says(ANN, &ann, "!form leave");
    stage.settle().await;
    stage.says(ANN, &ann, "Dates: 2026-11-12\nkind: annual\nReason: ");
    stage.settle().await;
    assert_eq!(last(&stage, &ann), "Complete. Reply “submit”, or “cancel”.");
}
