//! The upgrade to a WebSocket, which a ticket allows once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use http::StatusCode;
use simulator_stage::{Connection, query, upgrade};

use super::session;
use crate::faults::Fault;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::apps::Ticket;

fn answer(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// What a ticket is worth; it is worth nothing afterwards.
fn redeem(state: &mut State, ticket: &str) -> Option<Ticket> {
    if state.stage.faults.strikes(Fault::ConnectRefused) {
        return None;
    }
    let now = state.stage.now_ms();
    state.tickets.remove(ticket).filter(|ticket| ticket.until_ms > now)
}

/// `GET /connect?ticket=..`.
pub(crate) async fn connect(Extracted(shared): Extracted<Arc<Shared>>, mut request: Request) -> Response {
    let pairs = query::pairs(request.uri().query().unwrap_or(""));
    let ticket = pairs.into_iter().find(|(name, _)| name == "ticket").map(|(_, value)| value);
    let ticket = redeem(&mut shared.state.lock(), &ticket.unwrap_or_default());
    let Some(ticket) = ticket else { return answer(StatusCode::UNAUTHORIZED) };
    let Some((response, upgraded)) = upgrade(&mut request) else { return answer(StatusCode::BAD_REQUEST) };
    // Who reads that the connection stands is connected: what is pushed from then on waits for the socket.
    let id = shared.state.lock().stage.chance.id("", 32);
    let (connection, waiting) = Connection::new(id.clone(), ticket.topics);
    shared.hub.add(&ticket.app, connection);
    tokio::spawn(async move {
        if let Some(socket) = upgraded.await {
            session::run(&shared, socket, waiting).await;
        }
        shared.hub.remove(&ticket.app, &id);
    });
    response
}
