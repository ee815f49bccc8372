//! The output of `systemctl show` and `loginctl show-user`: `Key=Value` lines, a blank line between units.

use std::collections::BTreeMap;

/// The properties of one unit, session or user.
pub type Properties = BTreeMap<String, String>;

/// Reads every block. A key that stands twice in a block keeps its last value; a line without `=`
/// continues nothing and is passed over.
pub fn blocks(text: &str) -> Vec<Properties> {
    let mut blocks = Vec::new();
    let mut block = Properties::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            if !block.is_empty() {
                blocks.push(std::mem::take(&mut block));
            }
        } else if let Some((key, value)) = line.split_once('=') {
            block.insert(key.trim().into(), value.into());
        }
    }
    if !block.is_empty() {
        blocks.push(block);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_parted_by_blank_lines_and_values_keep_their_equal_signs() {
        let text = "Id=a.service\nEnvironment=A=1 B=2\n\nId=b.service\nnoise\n\n\n";
        let blocks = blocks(text);
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0]["Environment"], "A=1 B=2");
        assert_eq!(blocks[1]["Id"], "b.service");
    }
}
