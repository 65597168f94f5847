//! Who signed on: the code of the page is redeemed, and what the member agreed to show is read.

use serde_json::json;

use super::{Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::sign_on::{Redeemed, Visitor};

fn redeemed(state: &mut State, call: &Call) -> Result<Redeemed, Refusal> {
    state.redeem_sign_on(call.agent, call.query("code"))
}

pub(super) fn info(state: &mut State, call: &Call) -> Outcome {
    let Redeemed { visitor, ticket } = redeemed(state, call)?;
    let mut fields = match &visitor {
        Visitor::Member(person) => json!({ "userid": state.spelled(person) }),
        Visitor::Outside(id) => {
            let (open, external) = state.outside(id);
            let mut fields = json!({ "openid": open });
            if let Some(external) = external {
                fields["external_userid"] = external.into();
            }
            fields
        }
    };
    if let Some(ticket) = ticket {
        fields["user_ticket"] = ticket.into();
    }
    Ok(fields.into())
}

/// The same as older apps ask for it and read it.
pub(super) fn older_info(state: &mut State, call: &Call) -> Outcome {
    let Redeemed { visitor, ticket } = redeemed(state, call)?;
    let mut fields = match &visitor {
        Visitor::Member(person) => json!({ "UserId": state.spelled(person), "DeviceId": "simulated" }),
        Visitor::Outside(id) => {
            let (open, external) = state.outside(id);
            json!({ "OpenId": open, "DeviceId": "simulated", "external_userid": external.unwrap_or_default() })
        }
    };
    if let Some(ticket) = ticket {
        fields["user_ticket"] = ticket.into();
    }
    Ok(fields.into())
}

pub(super) fn detail(state: &mut State, call: &Call) -> Outcome {
    let ticket = call.needed("user_ticket", 84_014)?;
    Ok(state.shown_by_ticket(call.agent, ticket)?.into())
}
