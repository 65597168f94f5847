//! People who are asked and whom their chat does not reach: letters, pages, and the way from one surface to the next.

mod links;
mod pages;
mod surfaces;

use ::mail::{Address, Letter, MailError};
use async_trait::async_trait;
use axum::{Router, body::Body};
use base::Shutdown;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kit::double::Stage;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{
    forms::PUBLIC_URL,
    talk::{bot_over, card, imports, last, office, reads},
};
use crate::{
    Approvals, LOCALPART,
    mail::{Pages, Post},
};

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const ADMIN: &str = "@admin:test";
const MAILBOX: &str = "li@corp.example";
const NO: &str = "AP-20261105-0001";

/// A mail server that keeps what it gets.
#[derive(Default)]
struct Postbox {
    letters: Mutex<Vec<(String, Letter)>>,
    /// What it says instead of taking a letter.
    says: Mutex<Option<MailError>>,
}

#[async_trait]
impl Post for Postbox {
    async fn send(&self, _name: &str, to: &Address, letter: &Letter) -> Result<(), MailError> {
        if let Some(error) = self.says.lock().clone() {
            return Err(error);
        }
        self.letters.lock().push((to.to_string(), letter.clone()));
        Ok(())
    }
}

impl Postbox {
    /// Has what is due carried, and what follows from it settle.
    async fn carries(&self, stage: &mut Stage) {
        bot(stage).carry_due(self, &Shutdown::new()).await.unwrap();
        stage.settle().await;
    }

    /// The letters that came since this was asked last.
    async fn gets(&self, stage: &mut Stage) -> Vec<(String, Letter)> {
        self.carries(stage).await;
        std::mem::take(&mut *self.letters.lock())
    }

    /// The only letter that came.
    async fn gets_one(&self, stage: &mut Stage) -> (String, Letter) {
        let mut letters = self.gets(stage).await;
        assert_eq!(letters.len(), 1, "{letters:#?}");
        letters.remove(0)
    }
}

/// The bot over what is kept, as whoever carries letters and shows pages has it.
fn bot(stage: &Stage) -> Approvals {
    bot_over(stage.kit())
}

/// An office where 李四 has a mailbox and was never here.
async fn office_by_mail() -> (Stage, String, Postbox) {
    let (mut stage, room) = office().await;
    with_mailbox(&mut stage).await;
    stage.homeserver().lacks(LISI);
    (stage, room, Postbox::default())
}

async fn with_mailbox(stage: &mut Stage) {
    imports(stage, &format!("工号,姓名,部门,邮箱\n2,李四,总部/销售部,{MAILBOX}\n")).await;
}

/// The same, after 张三 asked for leave; the letter to 李四.
async fn asked() -> (Stage, String, Postbox, Letter) {
    let (mut stage, room, post) = office_by_mail().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 家里有事");
    stage.settle().await;
    let (to, letter) = post.gets_one(&mut stage).await;
    assert_eq!(to, MAILBOX);
    (stage, room, post, letter)
}

/// The paths of a letter's links: to agree, not to agree.
fn links(letter: &Letter) -> [String; 2] {
    let links = letter.text.split(PUBLIC_URL).skip(1).map(|rest| rest.split_whitespace().next().unwrap());
    let links: Vec<String> = links.map(str::to_owned).collect();
    links.try_into().unwrap()
}

/// What a browser was shown.
struct Shown {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn asks(stage: &Stage, request: Request<Body>) -> Shown {
    let pages: Router = Pages::new(bot(stage)).router();
    let (parts, body) = pages.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Shown { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

async fn opens(stage: &Stage, path: &str) -> Shown {
    asks(stage, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn sends(stage: &mut Stage, path: &str, inputs: &[(&str, &str)]) -> Shown {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(inputs).finish();
    let kind = "application/x-www-form-urlencoded";
    let request = Request::post(path).header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
    let shown = asks(stage, request).await;
    stage.settle().await;
    shown
}

fn token(page: &Shown) -> String {
    let (_, rest) = page.text.split_once("name=\"token\" value=\"").expect("there is a button");
    rest.split_once('"').unwrap().0.to_owned()
}

/// Opens a link and presses the button, with something typed.
async fn presses(stage: &mut Stage, path: &str, inputs: &[(&str, &str)]) -> Shown {
    let token = token(&opens(stage, path).await);
    sends(stage, path, &[inputs, &[("token", &token)]].concat()).await
}

/// What the starter's card says.
fn standing(stage: &Stage, room: &str) -> String {
    reads(stage, room, &card(stage, room, "[待审批] AP-"))
}

async fn publishes(stage: &mut Stage, template: &Value) {
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    stage.says(ADMIN, &desk, &format!("!审批 publish {template}"));
    stage.settle().await;
    assert!(last(stage, &desk).starts_with("模板已发布"), "{}", last(stage, &desk));
}

fn template(who: &[&str], policy: &Value) -> Value {
    json!({
        "v": 1, "id": "seal", "name": {"zh": "用章", "en": "Seal"}, "aliases": ["用章"],
        "form": [{"id": "amount", "type": "amount", "label": {"zh": "金额", "en": "Amount"}, "required": true}],
        "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"users": who}}],
        "policy": policy,
    })
}
