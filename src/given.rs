//! Files that the operator names on the command line: a snapshot, a definition to compare with, a policy. They are input, and no
//! evidence of the host. What holds secrets is redacted as it is read, and no error shows a word of a file.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use gw_checks::intent::{Intent, Policy, Reference};
use gw_snapshot::recorded::Recorded;
use gw_snapshot::snapshot::{ReadError, Snapshot};

use crate::cli::IntentArgs;
use crate::{host, policy};

/// A snapshot, from standard input if the path is `-`. A file has so much time to give it.
pub(crate) fn snapshot(path: &Path, time: Duration) -> anyhow::Result<Recorded> {
    let from = name(path);
    let bytes = read(path, LARGEST_SNAPSHOT, "snapshot", time)?;
    if bytes.starts_with(GZIP) {
        bail!("{from} is compressed; unpack it first: `gzip -dc FILE | gw-doctor check --from -`");
    }
    if bytes.trim_ascii().is_empty() {
        bail!("{from} is empty; `gw-doctor snapshot` writes a snapshot");
    }
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            bail!("{from} is no snapshot: it is not UTF-8 at byte {}", error.valid_up_to())
        }
    };
    match Snapshot::read(text) {
        Ok(snapshot) => Ok(Recorded::new(snapshot)),
        Err(error @ ReadError::Json(_)) => {
            bail!("{from} is no snapshot, as `gw-doctor snapshot` writes it: {error}")
        }
        Err(error @ ReadError::Schema { .. }) => {
            bail!("{from} is no snapshot that this version reads: {error}")
        }
    }
}

/// What ought to be. `live`: it is for this host, and not for a recorded one. Each file has so much time.
pub(crate) fn intent(args: &IntentArgs, live: bool, time: Duration) -> anyhow::Result<Intent> {
    let reference =
        args.reference.as_deref().map(|path| reference(path, live, time)).transpose()?;
    let policy = args.policy.as_deref().map(|path| policy(path, time)).transpose()?;
    Ok(Intent { reference, policy: policy.unwrap_or_default() })
}

fn policy(path: &Path, time: Duration) -> anyhow::Result<Policy> {
    let name = name(path);
    let bytes = read(path, LARGEST_POLICY, "policy", time)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(policy::read(&name, text)?),
        Err(error) => bail!("{name} is not UTF-8 at byte {}", error.valid_up_to()),
    }
}

fn reference(path: &Path, live: bool, time: Duration) -> anyhow::Result<Reference> {
    let bytes = read(path, LARGEST_DEFINITION, "service definition", time)?;
    let name = name(path);
    match Reference::read(&host::definition(&name, &bytes), live) {
        Ok(reference) => Ok(reference),
        Err(error) => bail!("{name} is no reference: it {error}"),
    }
}

/// Reads a file that is no larger than this, if it comes to its end in this time: a FIFO that nobody writes to never does.
/// What a person sends down a pipe to standard input takes the time that it takes.
fn read(path: &Path, most: u64, what: &'static str, time: Duration) -> anyhow::Result<Vec<u8>> {
    let from = name(path);
    if path == Path::new(STANDARD_INPUT) {
        return taken(std::io::stdin().lock(), &from, most, what);
    }
    let (tell, told) = mpsc::channel();
    let (file, called) = (path.to_path_buf(), from.clone());
    // Nobody listens any more if this took too long; the thread ends with the program.
    let reads = move || {
        let file = File::open(file).with_context(|| format!("could not read {called}"));
        drop(tell.send(file.and_then(|file| taken(file, &called, most, what))));
    };
    thread::Builder::new().name("given".into()).spawn(reads).context("start a thread")?;
    match told.recv_timeout(time) {
        Ok(read) => read,
        Err(RecvTimeoutError::Timeout) => {
            bail!("{from} gave no {what} in {} s (--timeout)", time.as_secs_f32())
        }
        Err(RecvTimeoutError::Disconnected) => bail!("could not read {from}"),
    }
}

/// All that a reader gives.
fn taken(reader: impl Read, from: &str, most: u64, what: &str) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = reader.take(most.saturating_add(1)).read_to_end(&mut content);
    let read = read.with_context(|| format!("could not read {from}"))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > most {
        bail!("{from} is larger than any {what} ({most} bytes)");
    }
    Ok(content)
}

/// What a path is called where people read of it.
fn name(path: &Path) -> String {
    if path == Path::new(STANDARD_INPUT) {
        "standard input".into()
    } else {
        path.display().to_string()
    }
}

/// The path that means standard input.
const STANDARD_INPUT: &str = "-";
/// How what gzip wrote begins.
const GZIP: &[u8] = b"\x1f\x8b";
/// A snapshot of a thousand profiles has a tenth of this. In bytes.
const LARGEST_SNAPSHOT: u64 = 256 << 20;
/// A hundred profiles with a few entries each have a tenth of this. In bytes.
const LARGEST_POLICY: u64 = 1 << 20;
/// What Hermes writes has 3 KB. In bytes.
const LARGEST_DEFINITION: u64 = 256 << 10;
