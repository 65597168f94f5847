//! Times as approvals write them.

/// A time to the minute, without seconds.
pub(crate) fn minute(at_ms: u64) -> String {
    let (days, minutes) = (at_ms / 86_400_000, at_ms / 60_000 % 1_440);
    // The civil calendar counted from the first of March of the year 0.
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{date:02}T{:02}:{:02}Z", era * 400 + year + later, minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_to_the_minute() {
        assert_eq!(minute(0), "1970-01-01T00:00Z");
        assert_eq!(minute(951_827_696_000), "2000-02-29T12:34Z");
        assert_eq!(minute(1_661_946_779_000), "2022-08-31T11:52Z");
        assert_eq!(minute(1_800_000_000_000), "2027-01-15T08:00Z");
    }
}
