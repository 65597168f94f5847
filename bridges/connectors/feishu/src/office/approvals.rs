//! Puts approvals of ours into the platform's approval centre, whole with every change, and decides native ones.

use async_trait::async_trait;
use bridge_api::{Approval, Approvals, EntryOnPlatform, Failure, PersonId, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    approvals_written as written, native,
    rows::{self, Kind, name_of},
};
use crate::{
    Feishu,
    abilities::id_of,
    client::{Call, codes::named, rates::Lane},
    settings::ApprovalCentre,
};

/// How an approval was put.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApprovalRow {
    /// The last revision that is there.
    pub revision: u64,
    /// The time that the platform was told with it: it takes later ones alone.
    pub update_ms: u64,
}

#[async_trait]
impl Approvals for Feishu {
    async fn put_approval(
        &self,
        approval: &Approval,
        _known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        let Some(centre) = &self.client.settings().office.approvals else {
            return Err(Failure::refused(Refusal::Impossible));
        };
        let id = written::instance_id(approval);
        let _lock = self.office.locks.lock(&name_of(&approval.head.key)).await;
        let row: Option<ApprovalRow> = rows::read(&*self.shelf, Kind::Approval, &id).await?;
        let is_seen = row.is_some() || written::concerns(approval);
        if is_seen && row.as_ref().is_none_or(|row| row.revision < approval.head.revision) {
            let least = row.map_or(0, |row| row.update_ms.saturating_add(1));
            let update_ms = approval.head.changed_ms.max(least);
            put(self, centre, approval, update_ms).await?;
            let row = ApprovalRow { revision: approval.head.revision, update_ms };
            rows::write(&*self.shelf, Kind::Approval, &id, &row).await?;
        }
        id_of(EntryOnPlatform::new(id))
    }

    async fn decide(
        &self,
        approval: &EntryOnPlatform,
        task: &str,
        person: &PersonId,
        is_approved: bool,
        words: Option<&str>,
    ) -> Result<(), Failure> {
        native::decide(self, approval, task, person, is_approved, words).await
    }
}

/// What a success says, so that an answer without it is none.
#[derive(Deserialize)]
struct Put {
    #[serde(rename = "data")]
    _data: Value,
}

/// The same of our kind of approval. The code may be another one there; ours goes on to count.
#[derive(Deserialize)]
struct Defined {
    #[serde(rename = "approval_code")]
    _code: String,
}

async fn put(
    feishu: &Feishu,
    centre: &ApprovalCentre,
    approval: &Approval,
    update_ms: u64,
) -> Result<(), Failure> {
    define(feishu, centre).await?;
    let home = centre.callback_url.origin().ascii_serialization();
    let body = written::instance(approval, centre, &home, update_ms);
    let call = Call::post(&["approval", "v4", "external_instances"], &body);
    let outcome = feishu.client.data::<Put>(call.with("user_id_type", "open_id")).await;
    if let Err(error) = &outcome
        && error.is_one_of(&named::KIND_UNKNOWN)
    {
        *feishu.office.defined.lock().await = false;
        return Err(Failure::later("the kind of our approvals is made known anew"));
    }
    Ok(outcome.map(drop)?)
}

/// Makes our kind of approval known, once in each run: the operator may have changed the address or the secrets.
async fn define(feishu: &Feishu, centre: &ApprovalCentre) -> Result<(), Failure> {
    // Held while it is made: many approvals at once make it once.
    let mut defined = feishu.office.defined.lock().await;
    if !*defined {
        let body = written::definition(centre);
        let call =
            Call::post(&["approval", "v4", "external_approvals"], &body).with("user_id_type", "open_id");
        feishu.client.data::<Defined>(call.within(Lane::Scarce("external_approvals"))).await?;
        *defined = true;
    }
    Ok(())
}
