//! A database with one table, as SQLite writes it: two pages, each of them a leaf.

use serde_json::{Map, Value};

const PAGE: usize = 65_536;

/// The bytes of a database that holds these rows.
pub(super) fn database(table: &str, rows: &[Map<String, Value>]) -> Vec<u8> {
    let mut columns: Vec<&String> = rows.iter().flat_map(Map::keys).collect();
    columns.sort_unstable();
    columns.dedup();
    let list: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
    let sql = format!("CREATE TABLE {table} ({})", list.join(", "));
    let schema = [
        Value::from("table"),
        Value::from(table),
        Value::from(table),
        Value::from(2),
        Value::from(sql),
    ];
    let mut head = b"SQLite format 3\0".to_vec();
    head.resize(100, 0);
    // 1 stands for a page of 65536 bytes; the text is UTF-8.
    head.splice(16..18, [0, 1]);
    head.splice(56..60, 1_u32.to_be_bytes());
    let null = Value::Null;
    let rows = rows.iter().map(|row| {
        record(&columns.iter().map(|column| row.get(*column).unwrap_or(&null)).collect::<Vec<_>>())
    });
    let mut file = leaf(head, &[record(&schema.iter().collect::<Vec<_>>())]);
    file.extend(leaf(Vec::new(), &rows.collect::<Vec<_>>()));
    file
}

/// A page of a table's tree, after what the first one begins with.
fn leaf(head: Vec<u8>, records: &[Vec<u8>]) -> Vec<u8> {
    let mut page = head;
    let count = u16::try_from(records.len()).expect("few rows");
    page.extend([0x0d, 0, 0]);
    page.extend(count.to_be_bytes());
    page.extend([0; 3]);
    let mut cells = Vec::new();
    for (row, record) in records.iter().enumerate() {
        let mut cell = varint(record.len());
        cell.extend(varint(row + 1));
        cell.extend(record);
        cells.splice(0..0, cell.iter().copied());
        let at = u16::try_from(PAGE - cells.len()).expect("a page has room for them");
        page.extend(at.to_be_bytes());
    }
    page.resize(PAGE - cells.len(), 0);
    page.extend(cells);
    page
}

fn record(values: &[&Value]) -> Vec<u8> {
    let (mut kinds, mut body) = (Vec::new(), Vec::new());
    for value in values {
        match value {
            Value::Number(number) if number.is_f64() => {
                kinds.extend(varint(7));
                body.extend(number.as_f64().expect("a real number").to_be_bytes());
            }
            Value::Number(number) => {
                kinds.extend(varint(6));
                body.extend(number.as_i64().expect("a whole number").to_be_bytes());
            }
            Value::String(text) => {
                kinds.extend(varint(13 + 2 * text.len()));
                body.extend(text.as_bytes());
            }
            Value::Bool(truth) => kinds.push(8 + u8::from(*truth)),
            _ => kinds.push(0),
        }
    }
    // The length of the header counts itself: one byte, or two.
    let length = kinds.len() + if kinds.len() < 127 { 1 } else { 2 };
    [varint(length), kinds, body].concat()
}

/// A number below 2^21.
fn varint(number: usize) -> Vec<u8> {
    let part = |shift: u32| u8::try_from((number >> shift) & 0x7f).expect("seven bits");
    match number {
        0..0x80 => vec![part(0)],
        0x80..0x4000 => vec![part(7) | 0x80, part(0)],
        _ => vec![part(14) | 0x80, part(7) | 0x80, part(0)],
    }
}
