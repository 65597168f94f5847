//! The house for bridges in a process of their own: what those inside have of it, over the ports of the homeserver and for the
//! registration of the bridges alone.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use bridge_core::{BridgePorts, MailWords, Post, Posted, SERVICE_ID};
use lianqiao_http::App;
use people::People;
use ruma::{OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};

use crate::{RunningServer, StartError, limits::HOUSE_BODY_BYTES_MAX};

/// Where the house is asked.
const PATHS: &[&str] = &["/_lianqiao/house/"];

/// Somebody who works here, as the bridges have to know them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Colleague {
    pub account: Option<OwnedUserId>,
    pub name: String,
    pub email: String,
    /// Platforms, and who they are there.
    pub elsewhere: Vec<(String, String)>,
}

/// The staff list.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StaffAnswer {
    pub people: Vec<Colleague>,
}

/// A room that belongs into the space of a department, and its colleagues.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RoomAsked {
    pub accounts: Vec<OwnedUserId>,
    pub room: OwnedRoomId,
}

/// Whether it stands there.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RoomAnswer {
    pub is_housed: bool,
}

/// A letter to a colleague.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LetterAsked {
    pub to: OwnedUserId,
    pub subject: String,
    pub text: String,
}

/// Whether it went; it does not where there is no address, or no way to mailboxes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LetterAnswer {
    pub is_sent: bool,
}

#[derive(Clone)]
struct House {
    app: App,
    people: Option<People>,
    ports: BridgePorts,
}

/// Opens the house beside the endpoints for clients.
pub(crate) fn open(running: &RunningServer) -> Result<(), StartError> {
    let people = running.bots.as_ref().and_then(|bots| bots.people.clone());
    let house = House { app: running.app.clone(), people, ports: super::ports(running)? };
    let router = Router::new()
        .route("/_lianqiao/house/staff", get(staff))
        .route("/_lianqiao/house/rooms", post(room))
        .route("/_lianqiao/house/letters", post(letter))
        .layer(DefaultBodyLimit::max(HOUSE_BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(house.clone(), known))
        .with_state(house);
    running.app.neighbours.open(PATHS, router);
    Ok(())
}

/// Lets the bridges in and nobody else.
async fn known(State(house): State<House>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = shown.and_then(|shown| shown.strip_prefix("Bearer "));
    let loaded = house.app.services.register().loaded();
    let service = token.and_then(|token| loaded.by_token(token));
    match service.is_some_and(|service| service.id == SERVICE_ID) {
        true => next.run(request).await,
        false => StatusCode::FORBIDDEN.into_response(),
    }
}

/// The staff list, unless the asker has this version of it.
async fn staff(State(house): State<House>, headers: HeaderMap) -> Response {
    let Some(people) = &house.people else { return StatusCode::NOT_FOUND.into_response() };
    let chart = people.chart();
    let tag = format!("\"{}\"", chart.version());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known == Some(tag.as_str()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let working = chart.people().filter(|person| person.is_active());
    let people = working.map(|person| Colleague {
        account: person.account.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        elsewhere: person.elsewhere.iter().cloned().collect(),
    });
    ([(header::ETAG, tag)], Json(StaffAnswer { people: people.collect() })).into_response()
}

async fn room(State(house): State<House>, Json(asked): Json<RoomAsked>) -> Response {
    let Some(staff) = &house.ports.staff else {
        return Json(RoomAnswer { is_housed: false }).into_response();
    };
    match staff.house(&asked.accounts, &asked.room).await {
        Ok(is_housed) => Json(RoomAnswer { is_housed }).into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason).into_response(),
    }
}

async fn letter(State(house): State<House>, Json(asked): Json<LetterAsked>) -> Response {
    match house.ports.post {
        Some(post) => send(post, asked).await,
        None => Json(LetterAnswer { is_sent: false }).into_response(),
    }
}

/// Sends a letter to its end, also when the asker is gone by then: one that is cut off may have been taken, and would go again.
async fn send(post: Arc<dyn Post>, asked: LetterAsked) -> Response {
    let words = MailWords { subject: asked.subject, text: asked.text };
    let sending = tokio::spawn(async move { post.post(&asked.to, &words).await });
    match sending.await {
        Ok(Ok(posted)) => Json(LetterAnswer { is_sent: posted == Posted::Sent }).into_response(),
        Ok(Err(reason)) => (StatusCode::SERVICE_UNAVAILABLE, reason).into_response(),
        Err(error) => {
            tracing::error!(%error, "a letter of the bridges ended in a panic");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use ruma::UserId;
    use tokio::sync::Notify;

    use super::*;

    /// A mail server that takes its time.
    #[derive(Default)]
    struct Slow {
        begun: Notify,
        goes_on: Notify,
        has_it: Notify,
    }

    #[async_trait]
    impl Post for Slow {
        async fn post(&self, _: &UserId, words: &MailWords) -> Result<Posted, String> {
            assert_ne!(words.subject, "panics");
            self.begun.notify_one();
            self.goes_on.notified().await;
            self.has_it.notify_one();
            Ok(Posted::Sent)
        }
    }

    fn asked(subject: &str) -> LetterAsked {
        let to = UserId::parse("@li:test").expect("valid");
        LetterAsked { to, subject: subject.to_owned(), text: "text".to_owned() }
    }

    #[tokio::test]
    async fn a_letter_goes_to_its_end_though_the_asker_is_gone() {
        let slow = Arc::new(Slow::default());
        tokio::select! {
            _ = send(slow.clone(), asked("a letter")) => panic!("nobody took it"),
            () = slow.begun.notified() => {}
        }
        slow.goes_on.notify_one();
        slow.has_it.notified().await;
    }

    #[tokio::test]
    async fn a_letter_that_panics_is_an_error_of_the_server() {
        let answer = send(Arc::new(Slow::default()), asked("panics")).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
