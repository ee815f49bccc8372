//! Listening TCP sockets. Without root, `lsof` does not list other users': what it lacks may be there.

use gw_snapshot::host::Seen;
use gw_snapshot::observation::{ListenerSeen, Trouble};
use gw_snapshot::parse::lsof;

use super::super::run::{Tool, ask};
use super::{System, seen};

/// A listening socket and a process that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Socket {
    address: String,
    port: u16,
    pid: u32,
}

impl System {
    /// Every listening socket with one of these ports, and every one that a Hermes process holds.
    pub(in super::super) fn listeners(&self, ports: &[u16]) -> Seen<ListenerSeen> {
        let all = match self.listeners.get_or_init(all) {
            Ok(all) => all,
            Err(trouble) => return Seen::failed(trouble.clone()),
        };
        let hermes: Vec<u32> = self.processes().list.iter().map(|process| process.pid).collect();
        let mut list: Vec<ListenerSeen> = Vec::new();
        for socket in
            all.iter().filter(|socket| ports.contains(&socket.port) || hermes.contains(&socket.pid))
        {
            let known = list
                .iter_mut()
                .find(|known| known.address == socket.address && known.port == socket.port);
            match known {
                Some(known) => known.pids.get_or_insert_default().push(socket.pid),
                None => list.push(ListenerSeen {
                    address: socket.address.clone(),
                    port: socket.port,
                    pids: Some(vec![socket.pid]),
                    uid: None,
                    user: None,
                }),
            }
        }
        seen(Ok(list), rustix::process::geteuid().is_root())
    }
}

fn all() -> Result<Vec<Socket>, Trouble> {
    let text = ask(&Tool::Listeners)?;
    let sockets = lsof::open(&text).into_iter().flat_map(|(pid, names)| {
        names.into_iter().filter_map(move |name| {
            let (address, port) = lsof::listener(&name)?;
            Some(Socket { address, port, pid })
        })
    });
    Ok(sockets.collect())
}
