//! `lsof -F pfn`: a field a line, which no name in it can confuse with another.

use std::collections::BTreeMap;

/// What each process has open, by name: a path, or the address of a socket.
pub fn open(text: &str) -> BTreeMap<u32, Vec<String>> {
    let mut found: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut pid = None;
    for line in text.lines() {
        let mut letters = line.chars();
        match letters.next() {
            Some('p') => pid = letters.as_str().parse().ok(),
            Some('n') => {
                if let Some(pid) = pid {
                    found.entry(pid).or_default().push(letters.as_str().into());
                }
            }
            _ => {}
        }
    }
    found
}

/// The address and the port of a listening socket: `127.0.0.1:8642`, `*:8642`, `[::1]:8642`.
pub fn listener(name: &str) -> Option<(String, u16)> {
    let (address, port) = name.split_whitespace().next()?.rsplit_once(':')?;
    let address = match address {
        "*" => "0.0.0.0",
        address => address.trim_start_matches('[').trim_end_matches(']'),
    };
    Some((address.into(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_belong_to_the_process_above_them() {
        let text = "p528\ncPython\nf9\nn127.0.0.1:18789\nf10\nn/Users/a/.hermes/gateway.lock\np600\nf3\nn*:7000\n";
        let open = open(text);
        assert_eq!(open[&528], ["127.0.0.1:18789", "/Users/a/.hermes/gateway.lock"]);
        assert_eq!(listener(&open[&600][0]), Some(("0.0.0.0".into(), 7000)));
        assert_eq!(listener("[::1]:8642 (LISTEN)"), Some(("::1".into(), 8642)));
        assert_eq!(listener("/Users/a/x:y"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*(\n[pnf]\\PC*)*") {
            for name in open(&text).into_values().flatten() {
                let _ = listener(&name);
            }
        }
    }
}
