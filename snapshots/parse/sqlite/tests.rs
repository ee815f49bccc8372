//! The database here was written by SQLite 3.40 in pages of 512 bytes, so that its tree has inner pages; its log holds
//! rows, a column, a change and a removal that its file does not. `executions.json` is what SQLite answers for both.

use proptest::prelude::*;

use super::*;

const DATABASE: &[u8] = include_bytes!("executions.db");
const LOG: &[u8] = include_bytes!("executions.db-wal");

fn expected() -> Vec<Map<String, Value>> {
    serde_json::from_str(include_str!("executions.json")).expect("what SQLite said")
}

#[test]
fn a_database_and_its_log_give_what_sqlite_gives() {
    let mut rows = rows(DATABASE, LOG, "executions").expect("a sound database");
    for row in &mut rows {
        // A column that was added later is not in older records.
        row.entry("handoff_started_at").or_insert(Value::Null);
    }
    assert_eq!(rows.len(), 53);
    assert_eq!(rows, expected());
}

#[test]
fn without_its_log_a_database_is_as_it_was_at_the_last_checkpoint() {
    assert_eq!(rows(DATABASE, b"", "executions").expect("a sound database").len(), 40);
}

#[test]
fn a_log_counts_up_to_the_last_commit_that_holds() {
    // The log ends in its second commit. A byte less, and that commit is not there.
    let cut = LOG.get(..LOG.len() - 1).expect("a log");
    assert_eq!(rows(DATABASE, cut, "executions").expect("a sound database").len(), 54);
    for broken in [&b"\0\0\0\0"[..], b"no log", LOG.get(..40).expect("a log")] {
        assert_eq!(rows(DATABASE, broken, "executions").expect("a sound database").len(), 40);
    }
    let mut other = LOG.to_vec();
    // The salt of its header: now no frame belongs to it, nor does its checksum hold.
    *other.get_mut(16).expect("a salt") ^= 1;
    assert_eq!(rows(DATABASE, &other, "executions").expect("a sound database").len(), 40);
}

#[test]
fn what_is_no_such_database_is_refused_with_a_reason() {
    assert_eq!(rows(b"", b"", "executions"), Err(SqliteError::NotADatabase));
    assert_eq!(rows(b"{\"jobs\": []}", b"", "executions"), Err(SqliteError::NotADatabase));
    assert_eq!(rows(DATABASE, LOG, "sessions"), Err(SqliteError::NoTable));
    let half = DATABASE.get(..DATABASE.len() / 2).expect("half of it");
    assert_eq!(rows(half, b"", "executions"), Err(SqliteError::Damaged));
}

#[test]
fn the_columns_of_a_table_are_told_from_its_constraints() {
    let sql = r#"CREATE TABLE t ("id" TEXT PRIMARY KEY, [n] DECIMAL(10, 2) DEFAULT (1), at, PRIMARY KEY (id), CHECK (n > 0))"#;
    assert_eq!(columns(sql), Ok(vec!["id".into(), "n".into(), "at".into()]));
    let sql = "CREATE TABLE t (checked_at TEXT, unique_key, \"check\" INT, unique(checked_at), Check(1), foreign_id)";
    let expected = ["checked_at", "unique_key", "check", "foreign_id"].map(String::from);
    assert_eq!(columns(sql), Ok(expected.to_vec()));
    assert_eq!(columns("CREATE TABLE t (id) WITHOUT ROWID"), Err(SqliteError::Unsupported));
    assert_eq!(columns("nonsense"), Err(SqliteError::Damaged));
}

proptest! {
    /// A database that is written while it is read can hold anything.
    #[test]
    fn no_damage_is_a_panic(
        at in 0..DATABASE.len(), bytes in proptest::collection::vec(any::<u8>(), 1..64), end in 0..=DATABASE.len(),
        in_log in 0..LOG.len(), log_end in 0..=LOG.len(),
    ) {
        let planted = |original: &[u8], at: usize, end: usize| {
            let mut copy = original.to_vec();
            for (target, byte) in copy.iter_mut().skip(at).zip(&bytes) {
                *target = *byte;
            }
            copy.truncate(end.max(at));
            copy
        };
        let _ = rows(&planted(DATABASE, at, DATABASE.len()), LOG, "executions");
        let _ = rows(&planted(DATABASE, at, end), &planted(LOG, in_log, log_end), "executions");
    }
}
