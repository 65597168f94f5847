//! How this server goes outside.

use config::Config;
use outbound::OutboundSettings;

use crate::StartError;

/// Reads the file of additional authorities as well.
pub(crate) fn outbound(config: &Config) -> Result<OutboundSettings, StartError> {
    let section = &config.outbound;
    let ranges = |key: &'static str, texts: &[String]| {
        let parsed = texts.iter().map(|text| {
            outbound::parse_range(text)
                .ok_or_else(|| StartError::Setting { key, reason: format!("`{text}` is no range") })
        });
        parsed.collect::<Result<Vec<_>, _>>()
    };
    let extra_authorities_pem = match &section.authorities_file {
        Some(path) => Some(std::fs::read(path).map_err(|error| StartError::Setting {
            key: "outbound.authorities_file",
            reason: format!("{path} cannot be read: {error}"),
        })?),
        None => None,
    };
    Ok(OutboundSettings {
        allowed_ranges: ranges("outbound.allowed_ranges", &section.allowed_ranges)?,
        allowed_hosts: section.allowed_hosts.clone(),
        blocked_ranges: ranges("outbound.blocked_ranges", &section.blocked_ranges)?,
        extra_authorities_pem,
        proxy: section.proxy.clone(),
        user_agent: concat!("Lianqiao/", env!("CARGO_PKG_VERSION")).to_owned(),
        http1_only: false,
    })
}

/// The way to application services: on this machine as a rule, and wherever the operator says, so nothing is closed,
/// and no proxy stands between.
pub(crate) fn outbound_to_services(config: &Config) -> Result<OutboundSettings, StartError> {
    let everywhere = ["0.0.0.0/0", "::/0"];
    Ok(OutboundSettings {
        allowed_ranges: everywhere.into_iter().filter_map(outbound::parse_range).collect(),
        blocked_ranges: Vec::new(),
        proxy: None,
        ..outbound(config)?
    })
}
