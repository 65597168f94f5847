//! Puts one answer together, section by section, as bytes.

use bytes::Bytes;
use model::StreamPos;

use crate::{
    account_data::AccountData,
    context::Context,
    device_lists,
    errors::SyncError,
    filter::Members,
    json::JsonWriter,
    plan, presence,
    room::{archived, joined, joined::Passed, stripped},
    to_device,
    token::SyncToken,
};

/// Room for the answer of a quiet long poll, in bytes.
const INCREMENTAL_CAPACITY: usize = 1_024;
/// Room for an initial answer, in bytes.
const INITIAL_CAPACITY: usize = 128 << 10;

/// A finished answer.
pub(crate) struct Built {
    /// The JSON text.
    pub body: Bytes,
    /// Whether it says anything that the client did not know.
    pub news: bool,
}

/// Builds the answer that `context` asks for.
pub(crate) async fn build(context: &Context<'_>) -> Result<Built, SyncError> {
    let capacity = if context.since.is_some() { INCREMENTAL_CAPACITY } else { INITIAL_CAPACITY };
    let mut json = JsonWriter::with_capacity(capacity);
    let mut passed = Passed::default();
    json.open(b'{');
    let mut news = write_rooms_and_account_data(context, &mut json, &mut passed).await?;
    news |= presence::write(context, &mut json, &passed.encounters).await?;
    let (handed_out, messages) = to_device::write_messages(context, &mut json).await?;
    news |= messages;
    news |= device_lists::write(context, &mut json, &passed.encounters).await?;
    news |= to_device::write_key_counts(context, &mut json).await?;
    json.key("next_batch").string(&next_batch(context, handed_out));
    json.close(b'}');
    if context.filter.members != Members::All {
        context.sent_members.lock().sent(context.view.position, passed.sent_members);
    }
    let body = json.finish();
    metrics::histogram!("lianqiao_sync_rooms_touched").record(passed.rooms_touched as f64);
    Ok(Built { body, news: news || context.since.is_none() })
}

async fn write_rooms_and_account_data(
    context: &Context<'_>,
    json: &mut JsonWriter,
    passed: &mut Passed,
) -> Result<bool, SyncError> {
    let mut data = AccountData::load(context).await?;
    let plan = plan::plan(context, &mut data).await?;
    let global = data.write_global(context, json);
    let mark = json.mark();
    json.key("rooms").open(b'{');
    let mut any = joined::write(context, json, &plan.joined, passed).await?;
    any |= stripped::write(context, json, "invite", "invite_state", &plan.invited).await?;
    any |= stripped::write(context, json, "knock", "knock_state", &plan.knocked).await?;
    any |= archived::write(context, json, &plan.left, passed).await?;
    for room in [&plan.invited, &plan.knocked, &plan.hidden].into_iter().flatten() {
        passed.encounters.look(context, room).await?;
    }
    json.close(b'}');
    if !any {
        json.rollback(mark);
    }
    Ok(global || any)
}

fn next_batch(context: &Context<'_>, to_device: StreamPos) -> String {
    SyncToken::new(context.view.position, to_device, context.view.ephemeral).encode()
}
