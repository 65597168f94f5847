//! Events as clients read them, copied from the stored bytes.
//!
//! The hot path of sync and of every page: content and the other parts are copied as they lie, only
//! `unsigned` is written anew. Never decides who may see an event; it takes [`Shown`] for that.

use std::collections::HashMap;

use bytes::Bytes;
use model::{EventForm, EventNum, Pdu, Unsigned, write_client_event};
use ruma::OwnedEventId;
use store::Reader;

use crate::{EventMeta, Rooms, RoomsError, access::Viewer, visibility::Shown};

/// Room to leave around the stored bytes for ids and `unsigned`.
const UNSIGNED_BYTES: usize = 256;

impl Rooms {
    /// Client JSON of events that the viewer may see, with everything `unsigned` can say: age, the
    /// sender's own transaction id, what a state event replaced, the viewer's membership, why it
    /// was redacted, and bundled relations.
    pub async fn client_events(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        events: &[Shown],
        form: EventForm,
    ) -> Result<Vec<Bytes>, RoomsError> {
        let bundles = self.bundles(reader, viewer, events).await?;
        let mut written = Vec::with_capacity(events.len());
        for event in events {
            let bundle = bundles.get(event.pdu.event_id());
            written.push(self.client_event(reader, viewer, event, form, bundle.map(Vec::as_slice)).await?);
        }
        Ok(written)
    }

    /// Client JSON of one event that the viewer may see, with its bundled relations.
    pub async fn client_event_with_relations(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        event: &Shown,
        form: EventForm,
    ) -> Result<Bytes, RoomsError> {
        let bundles = self.bundles(reader, viewer, std::slice::from_ref(event)).await?;
        let bundle = bundles.get(event.pdu.event_id());
        self.client_event(reader, viewer, event, form, bundle.map(Vec::as_slice)).await
    }

    /// Client JSON of state events for state sections: who may see the state may see them.
    pub async fn state_events(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        events: &[EventNum],
        form: EventForm,
    ) -> Result<Vec<Bytes>, RoomsError> {
        let now_ms = self.parts.clock.now_ms();
        self.warm(events).await?;
        let mut written = Vec::with_capacity(events.len());
        for num in events {
            let pdu = self.pdu(reader, *num).await?;
            let meta = self.meta(reader, *num).await?;
            let unsigned = Unsigned {
                age_ms: Some(now_ms.saturating_sub(pdu.origin_server_ts())),
                transaction_id: transaction_id(viewer, &pdu, &meta),
                delay_id: delay_id(viewer, &pdu, &meta),
                sticky_ttl_ms: sticky_ttl_ms(&pdu, now_ms),
                ..Unsigned::default()
            };
            written.push(write(&pdu, form, &unsigned));
        }
        Ok(written)
    }

    /// Client JSON of events for an application service that is interested in their room: everything but what is said
    /// of one reader. Nobody's right to see them is checked. What a service sent, which has no device, has its transaction id, so
    /// that a bridge knows its own words wherever they are somebody else's.
    pub async fn service_events(
        &self,
        reader: &Reader,
        events: &[EventNum],
    ) -> Result<Vec<Bytes>, RoomsError> {
        let now_ms = self.parts.clock.now_ms();
        self.warm(events).await?;
        let mut written = Vec::with_capacity(events.len());
        for num in events {
            let pdu = self.pdu(reader, *num).await?;
            let meta = self.meta(reader, *num).await?;
            let replaced = self.replaced(reader, &pdu, &meta).await?;
            let redaction = self.redaction_of(reader, &meta).await?;
            let sent = meta.sender_txn.as_ref().filter(|mark| mark.scope.is_empty());
            let unsigned = Unsigned {
                age_ms: Some(now_ms.saturating_sub(pdu.origin_server_ts())),
                transaction_id: sent.map(|mark| mark.transaction_id.as_str()),
                prev_content: replaced.as_ref().map(Pdu::content_bytes),
                prev_sender: replaced.as_ref().map(|replaced| replaced.sender().as_str()),
                replaces_state: replaced.as_ref().map(|replaced| replaced.event_id()),
                redacted_because: redaction.as_deref(),
                sticky_ttl_ms: sticky_ttl_ms(&pdu, now_ms),
                ..Unsigned::default()
            };
            written.push(write(&pdu, EventForm::Full, &unsigned));
        }
        Ok(written)
    }

    pub(crate) async fn client_event(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        event: &Shown,
        form: EventForm,
        relations: Option<&[u8]>,
    ) -> Result<Bytes, RoomsError> {
        let Shown { pdu, meta, .. } = event;
        let replaced = self.replaced(reader, pdu, meta).await?;
        let redaction = self.redaction_of(reader, meta).await?;
        let unsigned = Unsigned {
            age_ms: Some(self.parts.clock.now_ms().saturating_sub(pdu.origin_server_ts())),
            transaction_id: transaction_id(viewer, pdu, meta),
            prev_content: replaced.as_ref().map(Pdu::content_bytes),
            prev_sender: replaced.as_ref().map(|replaced| replaced.sender().as_str()),
            replaces_state: replaced.as_ref().map(|replaced| replaced.event_id()),
            membership: Some(event.membership.as_str()),
            redacted_because: redaction.as_deref(),
            relations,
            delay_id: delay_id(viewer, pdu, meta),
            sticky_ttl_ms: sticky_ttl_ms(pdu, self.parts.clock.now_ms()),
        };
        Ok(write(pdu, form, &unsigned))
    }

    /// The event that a state event took the place of.
    async fn replaced(
        &self,
        reader: &Reader,
        pdu: &Pdu,
        meta: &EventMeta,
    ) -> Result<Option<Pdu>, RoomsError> {
        let Some(state_key) = pdu.state_key() else { return Ok(None) };
        self.state_event_at(reader, meta.state_before, pdu.kind(), state_key).await
    }

    /// The redaction of an event, as the client reads it.
    async fn redaction_of(&self, reader: &Reader, meta: &EventMeta) -> Result<Option<Bytes>, RoomsError> {
        let Some(redaction) = meta.redacted_by else { return Ok(None) };
        let redaction = self.pdu(reader, redaction).await?;
        let unsigned = Unsigned {
            age_ms: Some(self.parts.clock.now_ms().saturating_sub(redaction.origin_server_ts())),
            ..Unsigned::default()
        };
        Ok(Some(write(&redaction, EventForm::Full, &unsigned)))
    }
}

/// Bundled relations by the event they belong to.
pub(crate) type Bundles = HashMap<OwnedEventId, Vec<u8>>;

/// A transaction id is shown to the device that sent with it, and to no other.
fn transaction_id<'a>(viewer: Viewer<'_>, pdu: &Pdu, meta: &'a EventMeta) -> Option<&'a str> {
    let mark = meta.sender_txn.as_ref()?;
    let own =
        pdu.sender() == viewer.user && viewer.device.is_some_and(|device| device.as_str() == mark.scope);
    own.then_some(mark.transaction_id.as_str())
}

/// The id of the delayed event is shown to every device of its sender: any of them may list it.
fn delay_id<'a>(viewer: Viewer<'_>, pdu: &Pdu, meta: &'a EventMeta) -> Option<&'a str> {
    meta.delay_id.as_deref().filter(|_| pdu.sender() == viewer.user)
}

/// How long an event is still sticky; none for one that is not, or no more. An event that claims to come from the
/// future counts from now.
fn sticky_ttl_ms(pdu: &Pdu, now_ms: u64) -> Option<u64> {
    let ends_at_ms = pdu.origin_server_ts().min(now_ms).saturating_add(pdu.sticky_duration_ms()?);
    ends_at_ms.checked_sub(now_ms).filter(|left_ms| *left_ms > 0)
}

fn write(pdu: &Pdu, form: EventForm, unsigned: &Unsigned<'_>) -> Bytes {
    let mut out = Vec::with_capacity(pdu.json().len() + UNSIGNED_BYTES);
    write_client_event(&mut out, pdu, form, unsigned);
    out.into()
}
