//! Which of two copies of a session is the better one.

use crate::tables::BackupSessionRow;

/// Whether `new` takes the place of `old`: verified before unverified, then the one that decrypts more messages, then
/// the one that was forwarded less often. Of two equals the old one stays.
pub(super) fn replaces(new: &BackupSessionRow, old: &BackupSessionRow) -> bool {
    let rank = |session: &BackupSessionRow| {
        (!session.is_verified, session.first_message_index, session.forwarded_count)
    };
    rank(new) < rank(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session((is_verified, first_message_index, forwarded_count): (bool, u64, u64)) -> BackupSessionRow {
        BackupSessionRow { first_message_index, forwarded_count, is_verified, session_data: "{}".to_owned() }
    }

    #[test]
    fn the_better_copy_stays() {
        let table = [
            ((true, 11, 6), (false, 10, 5), true),
            ((false, 0, 0), (true, 10, 5), false),
            ((false, 9, 6), (false, 10, 5), true),
            ((false, 11, 0), (false, 10, 5), false),
            ((true, 10, 4), (true, 10, 5), true),
            ((true, 10, 6), (true, 10, 5), false),
            ((true, 10, 5), (true, 10, 5), false),
        ];
        for (new, old, expected) in table {
            assert_eq!(replaces(&session(new), &session(old)), expected, "{new:?} over {old:?}");
        }
    }
}
