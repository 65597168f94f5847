//! What an operator says about the rooms whose policy server this is.

/// What is not recommended in those rooms. A number of 0 switches its rule off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyServerSettings {
    /// Largest event, in bytes of its JSON.
    pub event_bytes_max: usize,
    /// Events of one user in one room within a minute.
    pub events_per_minute_max: u32,
    /// Joins and knocks in one room within a minute, of all users together.
    pub arrivals_per_minute_max: u32,
    /// How often one text may be said in one room within a minute, by whomever.
    pub repeats_per_minute_max: u32,
    /// Users whom one event may mention.
    pub mentions_max: usize,
    /// Words and phrases that may not be said, whatever their case.
    pub denied_words: Vec<String>,
    /// Users who may not send, with wildcards.
    pub denied_users: Vec<String>,
    /// Servers whose users may not send, with wildcards.
    pub denied_servers: Vec<String>,
    /// Users with at least this power level are spared everything but the lists of users and servers.
    pub spared_power_level: i64,
}

impl Default for PolicyServerSettings {
    fn default() -> Self {
        Self {
            event_bytes_max: 0,
            events_per_minute_max: 60,
            arrivals_per_minute_max: 120,
            repeats_per_minute_max: 6,
            mentions_max: 20,
            denied_words: Vec::new(),
            denied_users: Vec::new(),
            denied_servers: Vec::new(),
            spared_power_level: 50,
        }
    }
}
