//! Listening TCP sockets and who holds them. The kernel is asked for the sockets by netlink, which
//! takes a thousandth of the time that /proc/net/tcp does. For the holders it has no question: they are
//! found by their open files, Hermes's first, the others' only while a socket is still unclaimed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use gw_snapshot::host::Seen;
use gw_snapshot::observation::ListenerSeen;
use gw_snapshot::redact::shape;
use procfs::net::TcpState;
use rustix::io::{Errno, retry_on_intr};
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

use super::super::read::system_text;
use super::System;
use super::proc::Process;

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Socket {
    address: IpAddr,
    port: u16,
    uid: u32,
    inode: u64,
}

/// Which processes hold which sockets, by inode.
type Holders = BTreeMap<u64, BTreeSet<u32>>;

impl System {
    /// Every listening socket with one of these ports, and every one that a Hermes process holds.
    pub(in super::super) fn listeners(&self, ports: &[u16]) -> Seen<ListenerSeen> {
        let sockets = match listening() {
            Ok(sockets) => sockets,
            Err(error) => return Seen::failed(super::super::read::trouble(&error)),
        };
        let survey = self.survey();
        let mut holders = Holders::new();
        for pid in &survey.hermes {
            claim(&mut holders, *pid);
        }
        let wanted = |socket: &Socket| ports.contains(&socket.port);
        let is_open = |holders: &Holders| {
            sockets.iter().any(|socket| wanted(socket) && !holders.contains_key(&socket.inode))
        };
        for pid in &survey.others {
            if !is_open(&holders) {
                break;
            }
            claim(&mut holders, *pid);
        }
        let of_hermes = |socket: &Socket| {
            holders
                .get(&socket.inode)
                .is_some_and(|pids| pids.iter().any(|pid| survey.hermes.contains(pid)))
        };
        let mut list: Vec<_> = sockets
            .iter()
            .filter(|socket| wanted(socket) || of_hermes(socket))
            .map(|socket| seen(socket, &holders))
            .collect();
        name_hidden(&mut list);
        list.sort_by(|a, b| (a.port, &a.address, &a.pids).cmp(&(b.port, &b.address, &b.pids)));
        Seen::complete(list)
    }
}

fn seen(socket: &Socket, holders: &Holders) -> ListenerSeen {
    ListenerSeen {
        address: socket.address.to_canonical().to_string(),
        port: socket.port,
        pids: holders.get(&socket.inode).map(|pids| pids.iter().copied().collect()),
        uid: Some(socket.uid),
        user: None,
    }
}

/// Names the users whose sockets nobody visible holds: to ask as one of them settles who does.
fn name_hidden(list: &mut [ListenerSeen]) {
    let own = rustix::process::geteuid().as_raw();
    let is_hidden = |seen: &&mut ListenerSeen| seen.pids.is_none() && seen.uid != Some(own);
    let mut hidden = list.iter_mut().filter(is_hidden).peekable();
    if hidden.peek().is_none() {
        return;
    }
    let accounts = system_text("/etc/passwd").unwrap_or_default();
    for seen in hidden {
        seen.user = seen.uid.and_then(|uid| name_of(&accounts, uid));
    }
}

/// The name of the account of this number, unless it looks like a secret.
fn name_of(accounts: &str, uid: u32) -> Option<String> {
    let of = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_string())
    };
    accounts.lines().find_map(of).filter(|name| shape::is_clean(name))
}

/// Notes the sockets that a process holds. One that hides its files claims nothing.
fn claim(holders: &mut Holders, pid: u32) {
    let open = Process::open(pid).and_then(|process| process.open_files()).unwrap_or_default();
    for inode in open.iter().filter_map(|target| inode_of(target)) {
        holders.entry(inode).or_default().insert(pid);
    }
}

/// `socket:[19546]`.
fn inode_of(target: &str) -> Option<u64> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

fn listening() -> io::Result<Vec<Socket>> {
    match by_netlink() {
        Ok(sockets) => Ok(sockets),
        // A container may forbid netlink, and a kernel may lack the answer.
        Err(_) => by_proc(),
    }
}

fn by_netlink() -> rustix::io::Result<Vec<Socket>> {
    let mut sockets = dump(AddressFamily::INET)?;
    match dump(AddressFamily::INET6) {
        Ok(more) => sockets.extend(more),
        // A kernel without IPv6.
        Err(Errno::NOENT | Errno::AFNOSUPPORT) => {}
        Err(error) => return Err(error),
    }
    Ok(sockets)
}

// From linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h and net/tcp_states.h.
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const HEADER_LENGTH: usize = 16;
const REQUEST_LENGTH: u32 = 72;
const IPPROTO_TCP: u8 = 6;
const TCP_LISTEN: u8 = 10;

/// Asks for the listening sockets of one family.
fn dump(family: AddressFamily) -> rustix::io::Result<Vec<Socket>> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(netlink::SOCK_DIAG),
    )?;
    let family = u8::try_from(family.as_raw()).map_err(|_| Errno::AFNOSUPPORT)?;
    let to_kernel = SocketAddrNetlink::new(0, 0);
    retry_on_intr(|| sendto(&socket, &request(family), SendFlags::empty(), &to_kernel))?;
    let mut sockets = Vec::new();
    let mut buffer = vec![0; 32 << 10];
    loop {
        let (read, _) = retry_on_intr(|| recv(&socket, &mut *buffer, RecvFlags::empty()))?;
        if read == 0 {
            return Err(Errno::PIPE);
        }
        if take_messages(buffer.get(..read).unwrap_or_default(), &mut sockets)? {
            return Ok(sockets);
        }
    }
}

/// A netlink header and a `struct inet_diag_req_v2` that asks for everything that listens.
fn request(family: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(72);
    bytes.extend_from_slice(&REQUEST_LENGTH.to_ne_bytes());
    bytes.extend_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend_from_slice(&(NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    bytes.extend_from_slice(&[0; 8]); // Sequence number and port: one question, one answer.
    bytes.extend_from_slice(&[family, IPPROTO_TCP, 0, 0]);
    bytes.extend_from_slice(&(1_u32 << TCP_LISTEN).to_ne_bytes());
    bytes.extend_from_slice(&[0; 48]); // Whatever the addresses.
    bytes
}

/// Reads the messages of one datagram. True if the last one has come.
fn take_messages(mut bytes: &[u8], sockets: &mut Vec<Socket>) -> rustix::io::Result<bool> {
    while let (Some(length), Some(kind)) = (word(bytes, 0), half(bytes, 4)) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(body) = bytes.get(HEADER_LENGTH..length) else { return Err(Errno::BADMSG) };
        match kind {
            NLMSG_DONE => return Ok(true),
            NLMSG_ERROR => {
                let code = word(body, 0).map_or(0, u32::cast_signed);
                return Err(Errno::from_raw_os_error(code.saturating_neg()));
            }
            SOCK_DIAG_BY_FAMILY => sockets.extend(socket(body)),
            _ => {}
        }
        // Each message begins at a multiple of four.
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(false)
}

/// A `struct inet_diag_msg`.
fn socket(body: &[u8]) -> Option<Socket> {
    let address = match i32::from(*body.first()?) {
        family if family == i32::from(AddressFamily::INET.as_raw()) => {
            Ipv4Addr::from(array::<4>(body, 8)?).into()
        }
        family if family == i32::from(AddressFamily::INET6.as_raw()) => {
            Ipv6Addr::from(array::<16>(body, 8)?).into()
        }
        _ => return None,
    };
    let listens = *body.get(1)? == TCP_LISTEN;
    let port = u16::from_be_bytes(array(body, 4)?);
    let (uid, inode) = (word(body, 64)?, u64::from(word(body, 68)?));
    listens.then_some(Socket { address, port, uid, inode })
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_ne_bytes)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_ne_bytes)
}

/// The slow way, where netlink is forbidden.
fn by_proc() -> io::Result<Vec<Socket>> {
    let to_io = |error: procfs::ProcError| io::Error::other(error.to_string());
    let mut entries = procfs::net::tcp().map_err(to_io)?;
    match procfs::net::tcp6() {
        Ok(more) => entries.extend(more),
        Err(procfs::ProcError::NotFound(_)) => {}
        Err(error) => return Err(to_io(error)),
    }
    let listening = entries.into_iter().filter(|entry| entry.state == TcpState::Listen);
    Ok(listening
        .map(|entry| {
            let local: SocketAddr = entry.local_address;
            Socket { address: local.ip(), port: local.port(), uid: entry.uid, inode: entry.inode }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use gw_snapshot::redact::Salt;

    use super::*;

    fn find(sockets: &[Socket], port: u16) -> Option<&Socket> {
        sockets.iter().find(|socket| socket.port == port)
    }

    /// The listeners on a port, without those of a Hermes that may run on this host.
    fn look(port: u16) -> Seen<ListenerSeen> {
        let mut seen = System::new(Salt(Vec::new())).listeners(&[port]);
        seen.list.retain(|listener| listener.port == port);
        seen
    }

    #[test]
    fn a_listener_is_found_with_its_holder() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = look(port);
        assert_eq!((seen.complete, seen.trouble), (true, None));
        let expected = ListenerSeen {
            address: "127.0.0.1".into(),
            port,
            pids: Some(vec![std::process::id()]),
            uid: Some(rustix::process::geteuid().as_raw()),
            user: None,
        };
        assert_eq!(seen.list, [expected]);
    }

    #[test]
    fn the_quick_way_and_the_slow_way_see_the_same() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A host without IPv6 has nothing to show for the second.
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let port = listener.local_addr().expect("an address").port();
            let slow = by_proc().expect("/proc/net");
            let slow = find(&slow, port).expect("a listener");
            // Where netlink is forbidden there is nothing to compare.
            if let Ok(quick) = by_netlink() {
                assert_eq!(find(&quick, port), Some(slow));
            }
        }
    }

    #[test]
    fn a_port_that_nobody_holds_has_no_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        assert_eq!(look(port), Seen::complete(Vec::new()));
    }

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER_LENGTH + body.len()).expect("small");
        let mut bytes = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10], body].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn listening_on(port: u16) -> Vec<u8> {
        let mut body = vec![0; 72];
        body[0] = 2;
        body[1] = TCP_LISTEN;
        body[4..6].copy_from_slice(&port.to_be_bytes());
        body[8..12].copy_from_slice(&[127, 0, 0, 1]);
        body[64..68].copy_from_slice(&1500_u32.to_ne_bytes());
        body[68..72].copy_from_slice(&19546_u32.to_ne_bytes());
        message(SOCK_DIAG_BY_FAMILY, &body)
    }

    #[test]
    fn messages_are_taken_one_after_the_other_until_the_last() {
        let mut sockets = Vec::new();
        let datagram = [listening_on(8642), message(1, &[]), listening_on(8643)].concat();
        assert_eq!(take_messages(&datagram, &mut sockets), Ok(false));
        assert_eq!(take_messages(&message(NLMSG_DONE, &[0; 4]), &mut sockets), Ok(true));
        let expected =
            |port| Socket { address: Ipv4Addr::LOCALHOST.into(), port, uid: 1500, inode: 19546 };
        assert_eq!(sockets, [expected(8642), expected(8643)]);
        let refusal = message(NLMSG_ERROR, &(-2_i32).to_ne_bytes());
        assert_eq!(take_messages(&refusal, &mut sockets), Err(Errno::NOENT));
    }

    #[test]
    fn a_message_that_is_cut_or_lies_about_its_length_is_no_end_and_no_panic() {
        let whole = listening_on(8642);
        for end in 0..whole.len() {
            let mut sockets = Vec::new();
            let _ = take_messages(&whole[..end], &mut sockets);
            assert!(sockets.is_empty(), "{end}");
        }
        for length in [0, 1, 15, 73, u32::MAX - 2, u32::MAX] {
            let mut bytes = whole.clone();
            bytes[..4].copy_from_slice(&length.to_ne_bytes());
            let _ = take_messages(&bytes, &mut Vec::new());
        }
    }

    #[test]
    fn whoever_holds_a_socket_out_of_sight_is_named_by_the_account_of_its_number() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\nalice:x:1001:1001::/home/alice:/bin/sh\n";
        for (uid, expected) in [(0, Some("root")), (1001, Some("alice")), (100, None)] {
            assert_eq!(name_of(accounts, uid).as_deref(), expected, "{uid}");
        }
        let own = rustix::process::geteuid().as_raw();
        let listener = |pids: Option<Vec<u32>>, uid| ListenerSeen {
            pids,
            uid: Some(uid),
            ..ListenerSeen::default()
        };
        let mut list = [listener(Some(vec![1]), 0), listener(None, own)];
        name_hidden(&mut list);
        assert!(list.iter().all(|seen| seen.user.is_none()), "{list:?}");
    }

    #[test]
    fn an_inode_is_read_from_a_socket_and_from_nothing_else() {
        assert_eq!(inode_of("socket:[19546]"), Some(19546));
        for other in ["pipe:[19546]", "socket:[]", "socket:[1", "/socket:[1]", ""] {
            assert_eq!(inode_of(other), None, "{other}");
        }
    }
}
