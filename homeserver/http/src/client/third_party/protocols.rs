//! `GET /_matrix/client/v3/thirdparty/protocols` and `…/protocol/{protocol}`

use std::collections::BTreeSet;

use appservice::ThirdParty;
use axum::{Json, extract::State};
use delivery::appservices::instance_id;
use ruma::api::client::thirdparty::{get_protocol, get_protocols};
use serde_json::{Map, Value};

use super::no_protocol;
use crate::{App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyprotocols)
pub async fn all(
    State(app): State<App>,
    Authed { .. }: Authed<get_protocols::v3::Request>,
) -> Result<Json<Value>, MatrixError> {
    let loaded = app.services.register().loaded();
    let names: BTreeSet<&String> = loaded.services.iter().flat_map(|service| &service.protocols).collect();
    let found = names.into_iter().map(|name| async { (name.clone(), protocol(&app, name).await) });
    let found = futures_util::future::join_all(found).await;
    let known: Map<_, _> = found.into_iter().filter_map(|(name, found)| Some((name, found?))).collect();
    Ok(Json(Value::Object(known)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3thirdpartyprotocolprotocol)
pub async fn one(
    State(app): State<App>,
    Authed { request, .. }: Authed<get_protocol::v3::Request>,
) -> Result<Json<Value>, MatrixError> {
    protocol(&app, &request.protocol).await.map(Json).ok_or_else(no_protocol)
}

/// What the services say of a protocol: the first one's words, with everybody's instances.
async fn protocol(app: &App, name: &str) -> Option<Value> {
    let loaded = app.services.register().loaded();
    let mut merged: Option<Value> = None;
    for service in
        loaded.services.iter().filter(|service| service.protocols.iter().any(|known| known == name))
    {
        let what = ThirdParty::Protocol(name);
        let Some(mut answer) = app.services.register().third_party(service, what, &[]).await else {
            continue;
        };
        let instances = match answer.get_mut("instances").map(Value::take) {
            Some(Value::Array(instances)) => instances,
            Some(_) | None => Vec::new(),
        };
        let own = instances.into_iter().filter_map(|mut instance| {
            let network = instance.get("network_id")?.as_str()?.to_owned();
            let fields = instance.as_object_mut()?;
            // By this name a client asks for the rooms that the service lists for the network.
            fields.insert("instance_id".to_owned(), instance_id(service, &network).into());
            Some(instance)
        });
        let merged = merged.get_or_insert_with(|| {
            answer["instances"] = Value::Array(Vec::new());
            answer
        });
        if let Some(instances) = merged["instances"].as_array_mut() {
            instances.extend(own);
        }
    }
    merged
}
