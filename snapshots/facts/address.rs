//! The host of a socket that listens, or of one that is to: compared as an address, never as a text.
//!
//! `localhost`, `127.0.0.1`, `::ffff:127.0.0.1`, `0.0.0.0`, `::` and `*` overlap as the kernel has it. A name of a machine
//! is resolved by that machine alone: it is no address, so it never differs from one, and neither does a mark.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::fact::Why;
use crate::value::{Open, Value};

/// A host to listen on.
#[derive(Debug, Clone)]
pub struct Address {
    written: String,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// Every address of the machine.
    Every(Family),
    /// One address. An IPv4 address in an IPv6 socket is the IPv4 address.
    One { ip: IpAddr, zone: Option<String> },
    /// `localhost`: 127.0.0.1, and `::1` or nothing besides, as the machine has it.
    Localhost,
    /// Another name, in lower case.
    Name(String),
    /// Not told.
    Open(Why),
}

/// Of which family every address is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    /// A socket on `::` may take IPv4 too.
    V6,
    Both,
}

impl Address {
    /// Reads a host as people, `/proc`, `lsof` and Hermes write it. None at all is every address (verified on 0.22.2).
    pub fn of(written: impl Into<String>) -> Self {
        Self::from(Value::of(written))
    }

    /// Returns this very address.
    pub fn at(ip: IpAddr) -> Self {
        Self::of(ip.to_string())
    }

    /// Returns where every address of the machine is meant.
    pub fn every() -> Self {
        Self { written: "*".into(), kind: Kind::Every(Family::Both) }
    }

    /// True if both are one host, however they are written, false if they are two. None where that cannot be told.
    pub fn is(&self, other: &Self) -> Option<bool> {
        match (&self.kind, &other.kind) {
            (Kind::Every(one), Kind::Every(other)) if one == other => Some(true),
            (Kind::Open(_), _) | (_, Kind::Open(_)) | (Kind::Every(_), Kind::Every(_)) => None,
            (Kind::Every(_), _) | (_, Kind::Every(_)) => Some(false),
            _ => self.meets(other),
        }
    }

    /// True if sockets on both, on one port, would be in each other's way, or take each other's requests. None where that
    /// cannot be told.
    pub fn meets(&self, other: &Self) -> Option<bool> {
        match (&self.kind, &other.kind) {
            (Kind::Open(_), _) | (_, Kind::Open(_)) => None,
            (Kind::Every(_), Kind::Every(_)) | (Kind::Localhost, Kind::Localhost) => Some(true),
            (Kind::Every(family), one) | (one, Kind::Every(family)) => family.covers(one),
            (Kind::Localhost, Kind::One { ip, .. }) | (Kind::One { ip, .. }, Kind::Localhost) => {
                localhost_is(*ip)
            }
            (Kind::One { ip, zone }, Kind::One { ip: other, zone: of_other }) if ip == other => {
                same_zone(zone.as_deref(), of_other.as_deref())
            }
            (Kind::One { .. }, Kind::One { .. }) => Some(false),
            (Kind::Name(one), Kind::Name(other)) if one == other => Some(true),
            // Several names may stand for one address.
            (Kind::Name(_), _) | (_, Kind::Name(_)) => None,
        }
    }

    /// True if only this machine itself reaches a socket there, false if others may. None where that cannot be told.
    pub fn is_loopback(&self) -> Option<bool> {
        match &self.kind {
            Kind::One { ip, .. } => Some(ip.is_loopback()),
            Kind::Localhost => Some(true),
            Kind::Every(_) => Some(false),
            Kind::Name(_) | Kind::Open(_) => None,
        }
    }

    /// True if it is `localhost`, of which the machine knows whether it is 127.0.0.1, `::1`, or both.
    pub(super) const fn is_localhost(&self) -> bool {
        matches!(self.kind, Kind::Localhost)
    }

    /// True if both are written alike, which says nothing of what is open.
    pub(super) fn is_written_as(&self, other: &Self) -> bool {
        let is_told = |host: &Self| !matches!(host.kind, Kind::Open(_));
        is_told(self) && is_told(other) && self.written == other.written
    }

    /// True if it is every address of the machine.
    pub const fn is_every(&self) -> bool {
        matches!(self.kind, Kind::Every(_))
    }

    /// Returns the loopback address at which a socket there can be asked without leaving this machine, if there is one.
    pub fn ask(&self) -> Option<IpAddr> {
        match self.kind {
            Kind::Every(Family::V4 | Family::Both) | Kind::Localhost => {
                Some(Ipv4Addr::LOCALHOST.into())
            }
            Kind::Every(Family::V6) => Some(Ipv6Addr::LOCALHOST.into()),
            Kind::One { ip, .. } => ip.is_loopback().then_some(ip),
            Kind::Name(_) | Kind::Open(_) => None,
        }
    }

    /// Returns why it is no address, where it is none.
    pub fn why(&self) -> Option<Why> {
        match &self.kind {
            Kind::Open(why) => Some(why.clone()),
            Kind::Name(_) => {
                Some(Why::Failed(format!("{} is a name, which the machine resolves", self.written)))
            }
            Kind::Every(_) | Kind::One { .. } | Kind::Localhost => None,
        }
    }

    /// Returns `host:port` as people write it, with brackets around an IPv6 address.
    pub fn with(&self, port: impl fmt::Display) -> String {
        if matches!(self.kind, Kind::Open(_)) {
            return format!("port {port}");
        }
        match bare(&self.written) {
            address if address.contains(':') => format!("[{address}]:{port}"),
            _ => format!("{self}:{port}"),
        }
    }
}

impl From<Value> for Address {
    fn from(value: Value) -> Self {
        match value {
            Value::Literal(written) => Self { kind: Kind::of(&written), written },
            Value::Open(Open { written, why }) => Self { written, kind: Kind::Open(why) },
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.written.is_empty() { "*" } else { &self.written })
    }
}

/// Returns a host without blanks and brackets around it.
fn bare(written: &str) -> &str {
    let bare = written.trim();
    bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(bare)
}

impl Kind {
    fn of(written: &str) -> Self {
        let bare = bare(written);
        let (address, zone) = match bare.split_once('%') {
            Some((address, zone)) => (address, Some(zone.to_string())),
            None => (bare, None),
        };
        if let Ok(ip) = address.parse::<IpAddr>() {
            return match ip.to_canonical() {
                ip if !ip.is_unspecified() => Self::One { ip, zone },
                IpAddr::V4(_) => Self::Every(Family::V4),
                IpAddr::V6(_) => Self::Every(Family::V6),
            };
        }
        // A full stop at the end of a name says that it is whole.
        let name = bare.to_ascii_lowercase();
        match name.strip_suffix('.').unwrap_or(&name) {
            "" | "*" => Self::Every(Family::Both),
            "localhost" => Self::Localhost,
            name => Self::Name(name.into()),
        }
    }
}

impl Family {
    /// True if a socket on every address of this family takes what is meant for that host.
    fn covers(self, kind: &Kind) -> Option<bool> {
        match (self, kind) {
            (_, Kind::Open(_)) | (Self::V4, Kind::Name(_)) => None,
            (Self::V4, Kind::One { ip, .. }) => Some(ip.is_ipv4()),
            (Self::V4, Kind::Every(_) | Kind::Localhost) | (Self::V6 | Self::Both, _) => Some(true),
        }
    }
}

/// True if `localhost` is this address: 127.0.0.1 everywhere; `::1` on many machines; nothing beyond loopback (RFC 6761).
fn localhost_is(ip: IpAddr) -> Option<bool> {
    if ip == IpAddr::V4(Ipv4Addr::LOCALHOST) {
        return Some(true);
    }
    if ip.is_loopback() { None } else { Some(false) }
}

/// True if two addresses of one spelling are of one interface. A short print leaves the interface out.
fn same_zone(one: Option<&str>, other: Option<&str>) -> Option<bool> {
    match (one, other) {
        (None, None) => Some(true),
        (Some(one), Some(other)) => Some(one == other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_sockets_meet_only_where_a_request_could_reach_both() {
        let (yes, no, open) = (Some(true), Some(false), None);
        for (one, other, expected) in [
            ("127.0.0.1", "127.0.0.1", yes),
            ("127.0.0.1", "localhost", yes),
            ("127.0.0.1", "LOCALHOST.", yes),
            ("::ffff:127.0.0.1", "127.0.0.1", yes),
            ("127.0.0.1", "127.0.1.1", no),
            ("127.0.0.1", "192.168.1.4", no),
            ("localhost", "192.168.1.4", no),
            ("localhost", "::1", open),
            ("localhost", "127.0.1.1", open),
            ("0.0.0.0", "192.168.1.4", yes),
            ("::ffff:0.0.0.0", "127.0.0.1", yes),
            ("::1", "0.0.0.0", no),
            ("0:0:0:0:0:0:0:1", "::1", yes),
            ("::1", "::", yes),
            ("::", "127.0.0.1", yes),
            ("0.0.0.0", "::", yes),
            ("*", "::1", yes),
            ("", "10.0.0.1", yes),
            ("myhost", "127.0.1.1", open),
            ("myhost", "10.0.0.1", open),
            ("myhost", "other", open),
            ("myhost", "MyHost", yes),
            ("myhost", "0.0.0.0", open),
            ("myhost", "*", yes),
            ("fe80::1%eth0", "fe80::1%eth1", no),
            ("fe80::1%eth0", "fe80::1", open),
            ("‹redacted:8-15›", "127.0.0.1", open),
            ("‹redacted:8-15›", "‹redacted:8-15›", open),
            ("‹redacted:8-15›", "*", open),
        ] {
            assert_eq!(Address::of(one).meets(&Address::of(other)), expected, "{one} {other}");
            assert_eq!(Address::of(other).meets(&Address::of(one)), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_host_is_the_same_however_it_is_written() {
        for (one, other, expected) in [
            ("127.0.0.1", "localhost", Some(true)),
            ("127.0.0.1", "::ffff:127.0.0.1", Some(true)),
            ("*", "", Some(true)),
            ("0.0.0.0", "127.0.0.1", Some(false)),
            ("0.0.0.0", "::", None),
            ("0.0.0.0", "*", None),
            ("box.example.org", "10.0.0.1", None),
            ("box.example.org", "0.0.0.0", Some(false)),
        ] {
            assert_eq!(Address::of(one).is(&Address::of(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn only_loopback_is_ever_asked() {
        for (host, ask, is_loopback) in [
            ("127.0.0.1", Some("127.0.0.1"), Some(true)),
            ("127.0.1.1", Some("127.0.1.1"), Some(true)),
            ("localhost", Some("127.0.0.1"), Some(true)),
            ("0.0.0.0", Some("127.0.0.1"), Some(false)),
            ("*", Some("127.0.0.1"), Some(false)),
            ("::", Some("::1"), Some(false)),
            ("::ffff:127.0.0.1", Some("127.0.0.1"), Some(true)),
            ("::ffff:0.0.0.0", Some("127.0.0.1"), Some(false)),
            ("::ffff:10.0.0.1", None, Some(false)),
            ("192.168.1.4", None, Some(false)),
            ("example.org", None, None),
            ("‹redacted:8-15›", None, None),
        ] {
            let host = Address::of(host);
            let asked = host.ask().map(|ip| ip.to_string());
            assert_eq!((asked.as_deref(), host.is_loopback()), (ask, is_loopback), "{host}");
        }
    }

    #[test]
    fn people_write_brackets_around_an_ipv6_address() {
        for (host, expected) in [
            ("127.0.0.1", "127.0.0.1:1"),
            ("::1", "[::1]:1"),
            ("[::1]", "[::1]:1"),
            (" [fe80::1%eth0] ", "[fe80::1%eth0]:1"),
            ("fe80::1%eth0", "[fe80::1%eth0]:1"),
            ("", "*:1"),
            ("‹redacted:8-15›", "port 1"),
        ] {
            assert_eq!(Address::of(host).with(1), expected);
        }
    }

    /// Hosts of every kind.
    fn host() -> impl Strategy<Value = Address> {
        let written = prop_oneof![
            any::<Ipv4Addr>().prop_map(|ip| ip.to_string()),
            any::<Ipv6Addr>().prop_map(|ip| ip.to_string()),
            (0_u8..4).prop_map(|last| format!("127.0.0.{last}")),
            any::<u32>().prop_map(|ip| format!("::ffff:{}", Ipv4Addr::from(ip))),
            "[a-z]{1,8}(\\.[a-z]{2,4})?",
            "(|\\*|::|0\\.0\\.0\\.0|localhost|::1|127\\.0\\.1\\.1|fe80::1%en0)",
        ];
        prop_oneof![
            4 => written.prop_map(Address::of),
            1 => open(),
        ]
    }

    /// Hosts that nobody can tell.
    fn open() -> impl Strategy<Value = Address> {
        prop_oneof![
            "‹redacted:(1-7|8-15|16\\+:[0-9a-f]{8})›".prop_map(Address::of),
            "[a-z.]{0,4}‹redacted:1-7›[a-z.]{0,4}".prop_map(Address::of),
            "\\$\\{[A-Z]{1,4}\\}".prop_map(|text| Address::from(Value::unresolved(text))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_open_is_never_the_same_and_never_another(open in open(), other in host()) {
            prop_assert_eq!(open.is(&other), None);
            prop_assert_eq!(other.is(&open), None);
            prop_assert_eq!(open.meets(&other), None);
            prop_assert_eq!(other.meets(&open), None);
            prop_assert_eq!((open.is_loopback(), open.ask()), (None, None));
            prop_assert!(open.why().is_some());
        }

        #[test]
        fn a_name_is_never_another_than_an_address(name in "[a-z]{1,8}\\.lan", ip in any::<IpAddr>()) {
            let is_every = Address::at(ip).is_every();
            prop_assert!(is_every || Address::of(name.clone()).is(&Address::at(ip)).is_none());
            prop_assert_ne!(Address::of(name).meets(&Address::at(ip)), Some(false));
        }

        #[test]
        fn comparison_has_no_direction_and_a_host_that_is_another_meets_it(one in host(), other in host()) {
            prop_assert_eq!(one.is(&other), other.is(&one));
            prop_assert_eq!(one.meets(&other), other.meets(&one));
            if one.is(&other) == Some(true) {
                prop_assert_eq!(one.meets(&other), Some(true));
            }
        }

        #[test]
        fn a_mapped_address_is_its_ipv4_address(ip in any::<u32>()) {
            let ip = Ipv4Addr::from(ip);
            let mapped = Address::of(format!("::ffff:{ip}"));
            prop_assert_eq!(mapped.is(&Address::at(ip.into())), Some(true));
            prop_assert_eq!(mapped.is_loopback(), Some(ip.is_loopback()));
        }
    }
}
