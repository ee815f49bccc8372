//! The rows of one table of a SQLite database, from the bytes of its file and of its write-ahead log.
//!
//! SQLite itself cannot be asked: opening a database in WAL mode creates a file beside it, even for a reader
//! (`mode=ro`), and `immutable=1` overlooks the log. So the log is applied in memory here, and one table is walked.
//! It reads UTF-8 databases and ordinary tables, without indexes, views or tables without a rowid: Hermes has no
//! others. After the file format document of SQLite, sections 1, 2 and 4.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Why a database could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SqliteError {
    /// The first bytes are others.
    #[error("it is no SQLite database")]
    NotADatabase,
    /// A page, a cell or a record lies outside of what there is: cut short, or written while it was read.
    #[error("it is cut short or damaged")]
    Damaged,
    /// UTF-16, or a table without a rowid.
    #[error("it has a form that is not read here")]
    Unsupported,
    /// There is no such table.
    #[error("it has no such table")]
    NoTable,
    /// More rows, or a longer one, than such a table can have.
    #[error("it is larger than expected")]
    TooLarge,
}

/// The rows of a table, each with its columns by name. A blob is null.
///
/// `log` is the content of the `-wal` file, empty if there is none. Of it counts what a reader would take: the frames
/// up to the last commit, as far as their salts and checksums hold.
///
/// # Errors
/// See [`SqliteError`].
pub fn rows(
    database: &[u8],
    log: &[u8],
    table: &str,
) -> Result<Vec<Map<String, Value>>, SqliteError> {
    let pages = Pages::new(database, log)?;
    let schema = pages.table(1)?;
    let entry = schema
        .iter()
        .find(|row| {
            text(row, 0) == Some("table")
                && text(row, 1).is_some_and(|name| name.eq_ignore_ascii_case(table))
        })
        .ok_or(SqliteError::NoTable)?;
    let root = entry.get(3).and_then(Value::as_u64).and_then(|root| u32::try_from(root).ok());
    let names = columns(text(entry, 4).unwrap_or_default())?;
    if names.iter().any(|name| name.len() > LONGEST_NAME) {
        return Err(SqliteError::TooLarge);
    }
    let rows = pages.table(root.ok_or(SqliteError::Damaged)?)?;
    Ok(rows.into_iter().map(|row| names.iter().cloned().zip(row).collect()).collect())
}

fn text(row: &[Value], at: usize) -> Option<&str> {
    row.get(at)?.as_str()
}

/// The names in a `CREATE TABLE` statement.
fn columns(sql: &str) -> Result<Vec<String>, SqliteError> {
    let (_, rest) = sql.split_once('(').ok_or(SqliteError::Damaged)?;
    let (body, options) = rest.rsplit_once(')').ok_or(SqliteError::Damaged)?;
    if options.to_ascii_uppercase().contains("WITHOUT") {
        return Err(SqliteError::Unsupported);
    }
    let mut depth = 0_usize;
    let parts = body.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let names = parts.filter_map(|part| part.split_whitespace().next());
    let constraint = ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"];
    Ok(names
        .filter(|name| {
            let word = name.split('(').next().unwrap_or_default();
            !constraint.iter().any(|constraint| word.eq_ignore_ascii_case(constraint))
        })
        .map(|name| name.trim_matches(['"', '`', '[', ']', '\'']).to_string())
        .collect())
}

/// The pages of a database, those of its log before those of its file.
struct Pages<'a> {
    file: &'a [u8],
    logged: BTreeMap<u32, &'a [u8]>,
    /// In bytes.
    size: usize,
    /// What of a page is used for content, in bytes.
    usable: usize,
    /// What the file and its log have together, in bytes: no table has more in it, unless its cells or its overflow
    /// pages are counted many times.
    total: usize,
}

/// A table that is being read.
#[derive(Default)]
struct Walk {
    visited: BTreeSet<u32>,
    rows: Vec<Vec<Value>>,
    /// How many bytes its further records may have.
    left: usize,
}

/// Far more than Hermes keeps: it drops finished executions beyond the newest 1000.
const MOST_ROWS: usize = 100_000;
/// Of one row, in bytes.
const LONGEST_ROW: u64 = 1 << 20;
/// Of a column, in bytes: every row repeats it.
const LONGEST_NAME: usize = 64;
/// No tree of 32-bit page numbers is deeper.
const DEEPEST: usize = 32;

impl<'a> Pages<'a> {
    fn new(file: &'a [u8], log: &'a [u8]) -> Result<Self, SqliteError> {
        let (log_size, logged) = write_ahead_log(log).unwrap_or_default();
        let head = logged.get(&1).copied().unwrap_or(file);
        if !head.starts_with(b"SQLite format 3\0") {
            return Err(SqliteError::NotADatabase);
        }
        let size = match be16(head, 16)? {
            1 => 65536,
            size if size.is_power_of_two() && size >= 512 => usize::from(size),
            _ => return Err(SqliteError::Damaged),
        };
        if !logged.is_empty() && log_size != size {
            return Err(SqliteError::Damaged);
        }
        // Zero: nothing was ever stored, so there is no table either.
        if !matches!(be32(head, 56)?, 0 | 1) {
            return Err(SqliteError::Unsupported);
        }
        let reserved = usize::from(*head.get(20).ok_or(SqliteError::Damaged)?);
        let total = file.len().saturating_add(log.len());
        Ok(Self { file, logged, size, usable: size - reserved, total })
    }

    fn page(&self, number: u32) -> Result<&'a [u8], SqliteError> {
        if let Some(page) = self.logged.get(&number) {
            return Ok(page);
        }
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let start =
            index.and_then(|index| index.checked_mul(self.size)).ok_or(SqliteError::Damaged)?;
        self.file.get(start..start.saturating_add(self.size)).ok_or(SqliteError::Damaged)
    }

    /// Every record of a table's tree, in the order of its rowids.
    fn table(&self, root: u32) -> Result<Vec<Vec<Value>>, SqliteError> {
        let mut walk = Walk { left: self.total, ..Walk::default() };
        self.walk(root, 0, &mut walk)?;
        Ok(walk.rows)
    }

    fn walk(&self, number: u32, depth: usize, walk: &mut Walk) -> Result<(), SqliteError> {
        // A page that is reached twice makes a loop, which no tree has.
        if depth > DEEPEST || !walk.visited.insert(number) {
            return Err(SqliteError::Damaged);
        }
        let page = self.page(number)?;
        let header = if number == 1 { 100 } else { 0 };
        let (is_leaf, pointers) = match page.get(header) {
            Some(0x0d) => (true, header + 8),
            Some(0x05) => (false, header + 12),
            _ => return Err(SqliteError::Damaged),
        };
        for cell in 0..usize::from(be16(page, header + 3)?) {
            let at = usize::from(be16(page, pointers + 2 * cell)?);
            if is_leaf {
                if walk.rows.len() >= MOST_ROWS {
                    return Err(SqliteError::TooLarge);
                }
                let row = record(&self.payload(page, at, &mut walk.left)?)?;
                walk.rows.push(row);
            } else {
                self.walk(be32(page, at)?, depth + 1, walk)?;
            }
        }
        if !is_leaf {
            self.walk(be32(page, header + 8)?, depth + 1, walk)?;
        }
        Ok(())
    }

    /// The record of a cell of a leaf, with what of it lies on overflow pages. `left` is what all records together
    /// may still have, in bytes.
    fn payload(&self, page: &[u8], at: usize, left: &mut usize) -> Result<Vec<u8>, SqliteError> {
        let (length, at) = varint(page, at)?;
        let (_rowid, at) = varint(page, at)?;
        if length > LONGEST_ROW {
            return Err(SqliteError::TooLarge);
        }
        let length = usize::try_from(length).map_err(|_| SqliteError::TooLarge)?;
        *left = left.checked_sub(length).ok_or(SqliteError::TooLarge)?;
        let here = self.on_the_page(length);
        let mut payload = page.get(at..at + here).ok_or(SqliteError::Damaged)?.to_vec();
        if here < length {
            let mut next = be32(page, at + here)?;
            while payload.len() < length {
                let overflow = self.page(next)?;
                let rest = (length - payload.len()).min(self.usable.saturating_sub(4));
                let part = overflow.get(4..4 + rest).filter(|part| !part.is_empty());
                payload.extend(part.ok_or(SqliteError::Damaged)?);
                next = be32(overflow, 0)?;
            }
        }
        Ok(payload)
    }

    /// How many bytes of a record stand in the cell itself.
    fn on_the_page(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (self.usable - 4);
        if fitting <= most { fitting } else { least }
    }
}

/// The page size of a log, and the newest committed content of each page in it.
///
/// None if its header does not hold: then a reader takes nothing from it.
fn write_ahead_log(log: &[u8]) -> Option<(usize, BTreeMap<u32, &[u8]>)> {
    let is_big_endian = match be32(log, 0).ok()? {
        0x377f_0682 => false,
        0x377f_0683 => true,
        _ => return None,
    };
    let size = usize::try_from(be32(log, 8).ok()?).ok()?;
    if !size.is_power_of_two() || !(512..=65536).contains(&size) {
        return None;
    }
    let sum = checksum((0, 0), log.get(..24)?, is_big_endian);
    if sum != (be32(log, 24).ok()?, be32(log, 28).ok()?) {
        return None;
    }
    let salt = log.get(16..24)?;
    let mut sum = sum;
    let mut committed = BTreeMap::new();
    let mut open = Vec::new();
    for frame in log.get(32..)?.chunks_exact(24 + size) {
        let (header, page) = frame.split_at_checked(24)?;
        sum = checksum(sum, header.get(..8)?, is_big_endian);
        sum = checksum(sum, page, is_big_endian);
        let holds =
            header.get(8..16)? == salt && sum == (be32(header, 16).ok()?, be32(header, 20).ok()?);
        if !holds {
            break;
        }
        open.push((be32(header, 0).ok()?, page));
        if be32(header, 4).ok()? != 0 {
            committed.extend(open.drain(..));
        }
    }
    Some((size, committed))
}

/// SQLite's running checksum over pairs of 32-bit words, in the byte order that the log names.
fn checksum((mut first, mut second): (u32, u32), bytes: &[u8], is_big_endian: bool) -> (u32, u32) {
    let word = |bytes: &[u8]| {
        let bytes = <[u8; 4]>::try_from(bytes).unwrap_or_default();
        if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    for pair in bytes.chunks_exact(8) {
        let (left, right) = pair.split_at(4);
        first = first.wrapping_add(word(left)).wrapping_add(second);
        second = second.wrapping_add(word(right)).wrapping_add(first);
    }
    (first, second)
}

/// The values of a record.
fn record(payload: &[u8]) -> Result<Vec<Value>, SqliteError> {
    let (header, mut at) = varint(payload, 0)?;
    let header = usize::try_from(header).map_err(|_| SqliteError::Damaged)?;
    let mut body = header;
    let mut values = Vec::new();
    while at < header {
        let (kind, next) = varint(payload, at)?;
        at = next;
        let length = width(kind)?;
        let end = body.checked_add(length).ok_or(SqliteError::Damaged)?;
        let bytes = payload.get(body..end).ok_or(SqliteError::Damaged)?;
        body = end;
        values.push(value(kind, bytes));
    }
    Ok(values)
}

/// How many bytes a value of this serial type has.
fn width(kind: u64) -> Result<usize, SqliteError> {
    Ok(match kind {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(kind).map_err(|_| SqliteError::Damaged)?,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return Err(SqliteError::Damaged),
        _ => usize::try_from((kind - 12) / 2).map_err(|_| SqliteError::Damaged)?,
    })
}

fn value(kind: u64, bytes: &[u8]) -> Value {
    match kind {
        1..=6 => {
            let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { -1 } else { 0 };
            bytes.iter().fold(sign, |number: i64, byte| (number << 8) | i64::from(*byte)).into()
        }
        7 => {
            <[u8; 8]>::try_from(bytes).map_or(Value::Null, |bytes| f64::from_be_bytes(bytes).into())
        }
        8 => 0.into(),
        9 => 1.into(),
        _ if kind >= 13 && kind % 2 == 1 => String::from_utf8_lossy(bytes).into(),
        _ => Value::Null,
    }
}

fn be16(bytes: &[u8], at: usize) -> Result<u16, SqliteError> {
    let bytes = bytes.get(at..at.saturating_add(2)).and_then(|bytes| bytes.try_into().ok());
    bytes.map(u16::from_be_bytes).ok_or(SqliteError::Damaged)
}

fn be32(bytes: &[u8], at: usize) -> Result<u32, SqliteError> {
    let bytes = bytes.get(at..at.saturating_add(4)).and_then(|bytes| bytes.try_into().ok());
    bytes.map(u32::from_be_bytes).ok_or(SqliteError::Damaged)
}

/// A number of one to nine bytes, and where it ends.
fn varint(bytes: &[u8], start: usize) -> Result<(u64, usize), SqliteError> {
    let mut number = 0_u64;
    for index in 0..8 {
        let at = start + index;
        let byte = *bytes.get(at).ok_or(SqliteError::Damaged)?;
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Ok((number, at + 1));
        }
    }
    let last = *bytes.get(start + 8).ok_or(SqliteError::Damaged)?;
    Ok(((number << 8) | u64::from(last), start + 9))
}

#[cfg(test)]
mod tests;
