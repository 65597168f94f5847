//! The pages behind the links of letters. To look at one changes nothing, because programs that read mail follow links; its
//! button sends a token of the page along and decides, at once and by the law of every other surface.

use std::sync::Arc;

use axum::{
    Router,
    body::to_bytes,
    extract::{Path, Request, State},
    response::Response,
    routing::get,
};
use cases::{Case, Refusal};
use http::{Method, StatusCode, header};
use kit::texts::Lang;
use mail::Address;
use tokio::sync::Semaphore;

use super::{
    link::{Answer, MailLink},
    written::head,
};
use crate::{
    OfficeError,
    act::Action,
    card::Card,
    flow::ADMINISTRATORS,
    instance::{Instance, Task, TaskState, state},
    limits::{FORM_REQUEST_TIME_MAX, FORM_REQUESTS_MAX, MAIL_ANSWER_BYTES_MAX, MAIL_PAGE_MS},
    tables::MAIL_LINK,
    web::{Shown, Typed, page, paragraph, policy, response},
    wire::{Approvals, Change, Scene},
};

/// Where all addresses of links begin.
pub const ROOT: &str = "/_lianqiao/decisions/";

/// The same, as whoever serves other things on the same port needs to know it.
pub const PATHS: &[&str] = &[ROOT];

/// The pages. Cloning shares them.
#[derive(Clone)]
pub struct Pages(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub approvals: Approvals,
    places: Semaphore,
    policy: String,
}

/// A task that a link opened.
pub(super) struct Opened {
    /// The id of the letter.
    pub id: String,
    pub answer: Answer,
    pub link: MailLink,
    pub case: Case<Instance>,
    pub scene: Scene,
    pub lang: Lang,
    /// What the button of the page sends along.
    pub token: String,
}

impl Opened {
    pub fn card(&self) -> Card {
        Card::Task { task: self.link.task.clone(), person: self.link.person.clone() }
    }

    fn task(&self) -> Option<&Task> {
        self.case.data.task(&self.link.task)
    }
}

impl Pages {
    /// The pages for the letters of this bot.
    #[must_use]
    pub fn new(approvals: Approvals) -> Self {
        Self(Arc::new(Inner { approvals, places: Semaphore::new(FORM_REQUESTS_MAX), policy: policy() }))
    }

    /// The routes: everything below [`ROOT`].
    pub fn router(&self) -> Router {
        Router::new()
            .route(&format!("{ROOT}{{id}}/{{answer}}/{{signature}}"), get(link).post(link))
            .with_state(self.clone())
    }
}

async fn link(
    State(pages): State<Pages>,
    Path((id, answer, signature)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let busy = || pages.note(StatusCode::SERVICE_UNAVAILABLE, Lang::Both, "web.busy");
    let Ok(_place) = pages.0.places.try_acquire() else { return response(&pages.0.policy, busy()) };
    let answered = Box::pin(pages.answer(id.as_str(), (&answer, &signature), request));
    let shown = match tokio::time::timeout(FORM_REQUEST_TIME_MAX, answered).await {
        Ok(Ok(shown)) => shown,
        Ok(Err(error)) => {
            tracing::error!(id, %error, "a link of a letter cannot be opened");
            pages.note(StatusCode::INTERNAL_SERVER_ERROR, Lang::Both, "web.busy")
        }
        Err(_) => busy(),
    };
    response(&pages.0.policy, shown)
}

impl Pages {
    async fn answer(
        &self,
        id: &str,
        (answer, signature): (&str, &str),
        request: Request,
    ) -> Result<Shown, OfficeError> {
        let opened = match Answer::named(answer) {
            Some(answer) => self.open(id, answer, signature).await?,
            None => None,
        };
        let Some(opened) = opened else {
            return Ok(self.note(StatusCode::NOT_FOUND, Lang::Both, "mail.gone"));
        };
        if let Some(ended) = self.ended(&opened) {
            return Ok(ended);
        }
        if request.method() != Method::POST {
            return Ok(self.sheet(&opened, "", None));
        }
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let typed = match to_bytes(request.into_body(), MAIL_ANSWER_BYTES_MAX).await {
            Ok(body) if is_form => Typed::of_body(&body),
            Ok(_) | Err(_) => None,
        };
        match typed {
            Some(typed) => self.take(opened, signature, &typed).await,
            None => Ok(self.note(StatusCode::PAYLOAD_TOO_LARGE, opened.lang, "web.large")),
        }
    }

    /// The task behind an address, if that is one of ours.
    pub(super) async fn open(
        &self,
        id: &str,
        answer: Answer,
        signature: &str,
    ) -> Result<Option<Opened>, OfficeError> {
        let bot = &self.0.approvals;
        let house = bot.house().await?;
        let Some(link) = bot.kit().store().get(&MAIL_LINK, id).await? else { return Ok(None) };
        if !link.is_signed_by(id, answer, signature, house.cases.signer()) {
            return Ok(None);
        }
        let Some(case) = house.cases.get::<Instance>(&link.case).await? else { return Ok(None) };
        let scene = bot.scene_of(&case.data, bot.now_ms()).await?;
        let lang = bot.language_of_id(&scene.chart, &link.person).await?;
        let until_ms = scene.at_ms.saturating_add(MAIL_PAGE_MS);
        let token = link.token(id, answer, until_ms, house.cases.signer());
        Ok(Some(Opened { id: id.to_owned(), answer, link, case, scene, lang, token }))
    }

    /// Why nothing can be decided by a link any more; nothing while it can.
    pub(super) fn ended(&self, opened: &Opened) -> Option<Shown> {
        let bot = &self.0.approvals;
        let person = opened.scene.chart.active(&opened.link.person);
        // The address of the staff list counts, and no other one.
        let address = person.and_then(|person| Address::parse(&person.email));
        if address.is_none_or(|address| address.as_str() != opened.link.address) {
            let unbound = Refusal::new("E108").with("platform", "email");
            let words = bot.words_of(opened.lang, &unbound);
            return Some(self.said(StatusCode::FORBIDDEN, opened.lang, &[words]));
        }
        let world = opened.scene.world();
        let (first, _) = head(&opened.case, &opened.card(), &world, bot.pen(opened.lang));
        if let Some(words) = self.over(opened) {
            return Some(self.said(StatusCode::CONFLICT, opened.lang, &[first, words]));
        }
        if opened.link.until_ms > opened.scene.at_ms {
            return None;
        }
        let administrators = world.names(world.chart.in_role(ADMINISTRATORS));
        let starter = world.name(&opened.case.data.starter);
        let who = if administrators.is_empty() { starter } else { format!("{starter}、{administrators}") };
        let words = bot.pen(opened.lang).say("mail.expired", &[("who", &who)]);
        Some(self.said(StatusCode::GONE, opened.lang, &[first, words]))
    }

    /// How the task was decided, or by whom it is to be decided now, if not by whose link it is.
    fn over(&self, opened: &Opened) -> Option<String> {
        let bot = &self.0.approvals;
        let is_open = opened.task().is_some_and(|task| task.state == TaskState::Pending)
            && opened.case.state == state::PENDING;
        let task = Some(opened.link.task.clone());
        let action = Action::Approve { task, comment: None, code: None, chance: 0 };
        let mut change = Change::of(opened.case.clone());
        match opened.scene.act(&mut change, &action, &opened.actor("")) {
            Err(refusal) => Some(bot.words_of(opened.lang, &refusal)),
            Ok(()) if is_open => None,
            // They have another task in the case, of which another letter tells.
            Ok(()) => Some(bot.pen(opened.lang).say("mail.newer", &[])),
        }
    }

    /// A page with one sentence.
    pub(super) fn note(&self, status: StatusCode, lang: Lang, key: &str) -> Shown {
        let words = self.0.approvals.pen(lang).say(key, &[]);
        self.said(status, lang, &[words])
    }

    pub(super) fn said(&self, status: StatusCode, lang: Lang, words: &[String]) -> Shown {
        let title = self.0.approvals.pen(lang).say("mail.title", &[]);
        let content: String = words.iter().map(|words| paragraph("", words)).collect();
        Shown { status, markup: page(lang, &title, &content) }
    }
}
