//! One's own devices.

use ruma::{MilliSecondsSinceUnixEpoch, UInt, api::client::device::Device as WireDevice};

use crate::Routes;

pub mod delete;
pub mod read;
pub mod update;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(read::all)
        .ruma(read::one)
        .ruma(update::handler)
        .ruma(delete::one)
        .ruma(delete::several)
}

fn wire(device: accounts::Device) -> WireDevice {
    let mut wire = WireDevice::new(device.id);
    wire.display_name = device.display_name;
    wire.last_seen_ip = device.last_seen_address;
    wire.last_seen_ts =
        device.last_seen_ms.and_then(|ms| UInt::try_from(ms).ok()).map(MilliSecondsSinceUnixEpoch);
    wire
}
