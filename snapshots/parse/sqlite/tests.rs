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

/// Three pages of 64 KiB: the schema with one statement, a leaf whose `pointers` all lead to one record of 128 KiB, and
/// an overflow page that goes on in itself.
fn hostile(statement: &str, pointers: u16) -> Vec<u8> {
    let mut database = vec![0; 3 << 16];
    let mut put = |at: usize, bytes: &[u8]| {
        database.get_mut(at..at + bytes.len()).expect("a place").copy_from_slice(bytes);
    };
    put(0, b"SQLite format 3\0\0\x01");
    put(56, &1_u32.to_be_bytes());
    let byte = |number: usize| u8::try_from(number).expect("a small number");
    let kind = |text: &str| 13 + 2 * text.len();
    let (short, long) = ([kind("table"), kind("t"), kind("t")].map(byte), kind(statement));
    let head = [&[7], &short[..], &[1, byte(long >> 7) | 0x80, byte(long & 0x7f)]].concat();
    let record = [&head[..], b"table", b"t", b"t", b"\x02", statement.as_bytes()].concat();
    put(100, &[0x0d, 0, 0, 0, 1, 0, 0, 0, 0x10, 0]);
    put(0x1000, &[byte(record.len()), 1]);
    put(0x1002, &record);
    let (leaf, overflow) = (1 << 16, 2 << 16);
    put(leaf, &[0x0d, 0, 0]);
    put(leaf + 3, &pointers.to_be_bytes());
    for pointer in 0..usize::from(pointers) {
        put(leaf + 8 + 2 * pointer, &0x8000_u16.to_be_bytes());
    }
    // A length of 128 KiB, a rowid, a header of four bytes for one text; 8199 bytes of it are here.
    put(leaf + 0x8000, &[0x88, 0x80, 0, 1, 4, 0x90, 0x80, 5]);
    put(leaf + 0x8004 + 8199, &3_u32.to_be_bytes());
    put(overflow, &3_u32.to_be_bytes());
    database
}

#[test]
fn a_record_that_many_cells_share_is_not_read_many_times() {
    let read = |pointers| rows(&hostile("CREATE TABLE t(a)", pointers), b"", "t");
    assert_eq!(read(1).expect("less than the file has").len(), 1);
    assert_eq!(read(2), Err(SqliteError::TooLarge));
    assert_eq!(read(3_000), Err(SqliteError::TooLarge));
}

#[test]
fn a_name_that_every_row_would_repeat_is_bounded() {
    let statement = format!("CREATE TABLE t({})", "a".repeat(65));
    assert_eq!(rows(&hostile(&statement, 0), b"", "t"), Err(SqliteError::TooLarge));
    let statement = format!("CREATE TABLE t({})", "a".repeat(64));
    assert_eq!(rows(&hostile(&statement, 0), b"", "t"), Ok(Vec::new()));
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
