//! The form of a draft in a browser, for whoever has a link to it. A page is without script and shows what the case holds;
//! what is sent back is read by the rules of the dialogue and asks the law, and the bot does it afterwards, one after the
//! other with everything else. To look at a page changes nothing, because programs follow links; to send it uses the link up.

mod answer;
mod link;
mod page;
mod typed;

use std::{collections::BTreeMap, sync::Arc};

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
use store::{Batch, StoreError};
use tokio::sync::Semaphore;

use self::page::Sheet;
pub(crate) use self::{
    answer::{Shown, policy, response},
    link::{FormLink, in_path, is_signed},
    page::{page, paragraph},
    typed::Typed,
};
use crate::{
    OfficeError,
    act::Action,
    card::names_in,
    flow::needed,
    instance::Instance,
    limits::{FORM_BYTES_MAX, FORM_REQUEST_TIME_MAX, FORM_REQUESTS_MAX},
    tables::FORM_LINK,
    template::{Form, FormError, Value, calculate, field_refused},
    wire::{Approvals, Change, Filled, Scene},
};

/// Where all addresses of forms begin.
pub const ROOT: &str = "/_lianqiao/forms/";

/// The same, as whoever serves other things on the same port needs to know it.
pub const PATHS: &[&str] = &[ROOT];

/// The pages. Cloning shares them.
#[derive(Clone)]
pub struct Forms(Arc<Inner>);

struct Inner {
    approvals: Approvals,
    places: Semaphore,
    policy: String,
}

/// A form that a link opened.
struct Opened {
    link: FormLink,
    case: Case<Instance>,
    scene: Scene,
    lang: Lang,
}

impl Forms {
    /// The forms of this bot's drafts.
    #[must_use]
    pub fn new(approvals: Approvals) -> Self {
        Self(Arc::new(Inner { approvals, places: Semaphore::new(FORM_REQUESTS_MAX), policy: policy() }))
    }

    /// The routes: everything below [`ROOT`].
    pub fn router(&self) -> Router {
        Router::new()
            .route(&format!("{ROOT}{{case}}/{{signature}}"), get(form).post(form))
            .with_state(self.clone())
    }
}

async fn form(
    State(forms): State<Forms>,
    Path((case, signature)): Path<(String, String)>,
    request: Request,
) -> Response {
    let busy = |forms: &Forms| forms.note(StatusCode::SERVICE_UNAVAILABLE, Lang::Both, "web.busy");
    let Ok(_place) = forms.0.places.try_acquire() else { return forms.response(busy(&forms)) };
    let answer = Box::pin(forms.answer(&case, &signature, request));
    let shown = match tokio::time::timeout(FORM_REQUEST_TIME_MAX, answer).await {
        Ok(Ok(shown)) => shown,
        Ok(Err(error)) => {
            tracing::error!(case, %error, "a form cannot be shown in a browser");
            forms.note(StatusCode::INTERNAL_SERVER_ERROR, Lang::Both, "web.busy")
        }
        Err(_) => busy(&forms),
    };
    forms.response(shown)
}

impl Forms {
    async fn answer(&self, case: &str, signature: &str, request: Request) -> Result<Shown, OfficeError> {
        let Some(opened) = self.open(case, signature).await? else {
            return Ok(self.note(StatusCode::NOT_FOUND, Lang::Both, "web.ended"));
        };
        if request.method() != Method::POST {
            let typed = Typed::of_form(&opened.scene.template, &opened.case.data.form, &opened.scene.chart);
            return Ok(self.sheet(&opened, &typed, &BTreeMap::new(), StatusCode::OK));
        }
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let typed = match to_bytes(request.into_body(), FORM_BYTES_MAX).await {
            Ok(body) if is_form => Typed::of_body(&body),
            Ok(_) | Err(_) => None,
        };
        match typed {
            Some(typed) => self.take(&opened, typed).await,
            None => Ok(self.note(StatusCode::PAYLOAD_TOO_LARGE, opened.lang, "web.large")),
        }
    }

    /// The form behind an address, if its link is good and was not used.
    async fn open(&self, case: &str, signature: &str) -> Result<Option<Opened>, OfficeError> {
        let bot = &self.0.approvals;
        let house = bot.house().await?;
        let Some(link) = bot.kit().store().get(&FORM_LINK, case).await? else { return Ok(None) };
        let now_ms = bot.kit().clock().now_ms();
        if link.until_ms <= now_ms || !link.is_signed_by(case, signature, house.cases.signer()) {
            return Ok(None);
        }
        let Some(case) = house.cases.get::<Instance>(case).await? else { return Ok(None) };
        let scene = bot.scene_of(&case.data, now_ms).await?;
        let lang = bot.language_of_account(&link.account).await?;
        Ok(Some(Opened { link, case, scene, lang }))
    }

    /// What a browser sent: shown again with what is wrong, or handed to the bot.
    async fn take(&self, opened: &Opened, mut typed: Typed) -> Result<Shown, OfficeError> {
        let template = &opened.scene.template;
        if let Some(field) = template.field(typed.text("more")) {
            typed.more_rows(field);
            return Ok(self.sheet(opened, &typed, &BTreeMap::new(), StatusCode::OK));
        }
        let submits = match typed.text("do") {
            "submit" => true,
            "save" => false,
            _ => return Ok(self.sheet(opened, &typed, &BTreeMap::new(), StatusCode::OK)),
        };
        let (form, wrong) = self.read(opened, &typed, submits);
        if !wrong.is_empty() {
            return Ok(self.sheet(opened, &typed, &wrong, StatusCode::UNPROCESSABLE_ENTITY));
        }
        let link = &opened.link;
        let filled = Filled {
            case: opened.case.id.clone(),
            account: link.account.clone(),
            room: link.room.clone(),
            event: link.event.clone(),
            form,
            submits,
        };
        if let Err(refusal) = self.judged(opened, &filled).await? {
            let words = self.0.approvals.words_of(opened.lang, &refusal);
            return Ok(self.said(StatusCode::CONFLICT, opened.lang, "wrong", &words));
        }
        let bot = &self.0.approvals;
        let mut batch = Batch::new();
        batch.expect_eq(&FORM_LINK, &filled.case, link);
        bot.hand_over(&mut batch, &filled);
        match bot.kit().store().commit(batch).await {
            Ok(_) => Ok(self.note(StatusCode::OK, opened.lang, "web.done")),
            // The same form, sent twice at once.
            Err(StoreError::Conflict) => Ok(self.note(StatusCode::NOT_FOUND, opened.lang, "web.ended")),
            Err(error) => Err(error.into()),
        }
    }

    /// What all fields hold, and what is wrong with which.
    fn read(&self, opened: &Opened, typed: &Typed, submits: bool) -> (Form, BTreeMap<String, String>) {
        let (template, held) = (&opened.scene.template, &opened.case.data.form);
        let words = |refusal: &Refusal| self.0.approvals.words_of(opened.lang, refusal);
        let (mut form, mut wrong) = (Form::new(), BTreeMap::new());
        for field in template.form.iter().filter(|field| field.kind.is_typed()) {
            match typed.read(field, opened.scene.reader()) {
                Some(Ok(value)) => drop(form.insert(field.id.clone(), value)),
                Some(Err(error)) => {
                    drop(wrong.insert(field.id.clone(), words(&field_refused(template, &error))))
                }
                // What was not shown is not taken away.
                None if field.sensitive => {
                    form.extend(held.get(&field.id).map(|value| (field.id.clone(), value.clone())));
                }
                None => {}
            }
        }
        let mut instance = opened.case.data.clone();
        instance.form.retain(|_, value| matches!(value, Value::Files(_)));
        instance.form.extend(form.clone());
        calculate(template, &mut instance.form);
        let world = opened.scene.world();
        let open = needed(&world, &instance).into_iter().filter(|field| submits && field.kind.is_typed());
        for field in open {
            let error =
                FormError { field: field.id.clone(), problem: "form.required", example: "…".to_owned() };
            wrong.entry(field.id.clone()).or_insert_with(|| words(&field_refused(template, &error)));
        }
        (form, wrong)
    }

    /// Whether the law lets them do this now.
    async fn judged(&self, opened: &Opened, filled: &Filled) -> Result<Result<(), Refusal>, OfficeError> {
        let actor = filled.actor(&opened.scene.chart);
        let mut change = Change::of(opened.case.clone());
        let done = opened.scene.act(&mut change, &Action::Rewrite(filled.form.clone()), &actor);
        let is_complete = needed(&opened.scene.world(), &change.decision.case.data).is_empty();
        Ok(match filled.submits && is_complete {
            true => done.and_then(|()| opened.scene.act(&mut change, &Action::Submit, &actor)),
            false => done,
        })
    }

    fn sheet(
        &self,
        opened: &Opened,
        typed: &Typed,
        wrong: &BTreeMap<String, String>,
        status: StatusCode,
    ) -> Shown {
        let pen = self.0.approvals.pen(opened.lang);
        let template = &opened.scene.template;
        let name = template.name.in_language(names_in(opened.lang));
        let who = opened.scene.world().name(&opened.case.data.starter);
        let intro = pen.say("web.intro", &[("no", &opened.case.no), ("name", name), ("who", &who)]);
        let sheet = Sheet { template, form: &opened.case.data.form, typed, wrong, pen };
        let wrong =
            if wrong.is_empty() { String::new() } else { paragraph("wrong", &pen.say("web.wrong", &[])) };
        let content = format!("{}{wrong}{}", paragraph("note", &intro), sheet.form());
        Shown { status, markup: page(opened.lang, &pen.say("web.title", &[]), &content) }
    }

    /// A page with one sentence.
    fn note(&self, status: StatusCode, lang: Lang, key: &str) -> Shown {
        let words = self.0.approvals.pen(lang).say(key, &[]);
        self.said(status, lang, "", &words)
    }

    fn said(&self, status: StatusCode, lang: Lang, class: &str, words: &str) -> Shown {
        let title = self.0.approvals.pen(lang).say("web.title", &[]);
        Shown { status, markup: page(lang, &title, &paragraph(class, words)) }
    }

    fn response(&self, shown: Shown) -> Response {
        response(&self.0.policy, shown)
    }
}
