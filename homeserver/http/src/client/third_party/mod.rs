//! Look-ups in third-party networks: what the application services know of them, put together.
//!
//! Their answers are handed on as they are, so that a bridge may say more than the specification knows.

use std::collections::BTreeMap;

use appservice::ThirdParty;
use serde_json::Value;

use crate::{App, MatrixError, Routes};

pub mod locations;
pub mod protocols;
pub mod users;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(protocols::all)
        .ruma(protocols::one)
        .ruma(locations::of_protocol)
        .ruma(locations::of_alias)
        .ruma(users::of_protocol)
        .ruma(users::of_user)
}

/// The results of all services that know a protocol, or of all where none is named.
async fn results(
    app: &App,
    protocol: Option<&str>,
    what: ThirdParty<'_>,
    fields: BTreeMap<String, String>,
) -> Result<Value, MatrixError> {
    let loaded = app.services.register().loaded();
    let query: Vec<_> = fields.into_iter().filter(|(name, _)| name != "access_token").collect();
    let asked = loaded.services.iter().filter(|service| match protocol {
        Some(protocol) => service.protocols.iter().any(|known| known == protocol),
        None => !service.protocols.is_empty(),
    });
    let asked: Vec<_> = asked.collect();
    if asked.is_empty() && protocol.is_some() {
        return Err(no_protocol());
    }
    let register = app.services.register();
    let answers = asked.into_iter().map(|service| register.third_party(service, what, &query));
    let answers = futures_util::future::join_all(answers).await;
    let lists = answers.into_iter().flatten().filter_map(|answer| match answer {
        Value::Array(results) => Some(results),
        _ => None,
    });
    Ok(Value::Array(lists.flatten().collect()))
}

fn no_protocol() -> MatrixError {
    MatrixError::not_found("No bridge of this server speaks this protocol")
}
