//! The only door to files. Every file is opened for reading and nothing else, and only if it is a
//! regular file: a FIFO would block or wake a writer, a device may act. Every read has a limit, and
//! what is read leaves this room redacted.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gw_snapshot::facts::reference;
use gw_snapshot::generator::Wanted;
use gw_snapshot::host::{Part, Seen};
use gw_snapshot::observation::{DirectorySeen, FileSeen, Kind, Trouble};
use gw_snapshot::redact::{self, Salt, shape};
use jiff::Timestamp;
use rustix::fs::{Dir, OFlags};
use rustix::io::Errno;

use super::redacted::{self, Redacted, redact_definition, redact_file};
use super::system;
use super::system::LEAVE_ACCESS_TIME;
use crate::side_by_side::side_by_side;

/// How many names of a directory are read. Hermes's own directories have dozens.
const MOST_NAMES: usize = 20_000;

/// What stands at a path, and its redacted content where it was asked for.
pub(super) fn file(path: &str, part: Part, salt: &Salt) -> FileSeen {
    match part {
        Part::Executions => return executions(path, salt),
        Part::Generators => return generators(path, salt),
        Part::Stat | Part::Whole(_) | Part::Tail(_) => {}
    }
    twice(|| {
        let (mut seen, bytes) = look(path, part);
        show(&mut seen, bytes.as_deref(), salt);
        seen
    })
}

/// Reads a second time, after a moment, what makes no sense the first time: it may have been looked at while it was written.
fn twice(mut read: impl FnMut() -> FileSeen) -> FileSeen {
    let seen = read();
    if seen.error != Some(Trouble::Malformed) {
        return seen;
    }
    thread::sleep(A_WRITE);
    read()
}

/// Longer than Hermes takes to write any of its documents.
const A_WRITE: Duration = Duration::from_millis(50);

/// A small file of the system that holds no secrets.
pub(super) fn system_text(path: &str) -> Option<String> {
    let (_, bytes) = look(path, Part::SMALL);
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// A plist or a unit that the operator named and that was read: its content without its secrets, whatever its name.
pub(crate) fn definition(path: &str, bytes: &[u8]) -> FileSeen {
    let mut seen = FileSeen { path: path.into(), ..FileSeen::default() };
    add(&mut seen, redact_definition(bytes, &system::secret()));
    seen
}

/// Makes what was read of a file fit to be shown: where it leads to, if it is a link, and what it holds.
pub(super) fn show(seen: &mut FileSeen, bytes: Option<&[u8]>, salt: &Salt) {
    seen.target = seen.target.take().map(|target| shape::text(&target, salt));
    if let Some(bytes) = bytes {
        let redacted = redact_file(&seen.path, bytes, salt);
        add(seen, redacted);
    }
}

/// Makes Hermes's record of executions fit to be shown.
pub(super) fn show_executions(seen: &mut FileSeen, bytes: &[u8], log: &[u8], salt: &Salt) {
    match redact::executions::list(bytes, log, salt) {
        Ok(list) => seen.text = Some(list),
        Err(error) => {
            seen.error = Some(Trouble::Malformed);
            seen.detail = Some(error.to_string());
        }
    }
}

fn add(seen: &mut FileSeen, redacted: Redacted) {
    match redacted {
        Redacted::Text(text) => seen.text = Some(text),
        Redacted::Bytes(bytes) => seen.base64 = Some(STANDARD.encode(bytes)),
        Redacted::Withheld { detail } => {
            seen.error = Some(Trouble::Malformed);
            seen.detail = Some(detail);
        }
    }
}

/// Hermes's record of executions, which SQLite would not let us read without writing beside it.
///
/// The log is read first: what moves from it into the database meanwhile is then read twice, and not never.
fn executions(path: &str, salt: &Salt) -> FileSeen {
    const TRIES: usize = 3;
    let log_path = format!("{path}-wal");
    let mut seen = FileSeen::default();
    for _ in 0..TRIES {
        let (log_seen, log) = look(&log_path, DATABASE);
        let bytes;
        (seen, bytes) = look(path, DATABASE);
        show(&mut seen, None, salt);
        let Some(bytes) = bytes else { return seen };
        let log = match (log, &log_seen.error) {
            (Some(log), _) => log,
            (None, Some(Trouble::NotFound)) => Vec::new(),
            (None, trouble) => {
                seen.error.clone_from(trouble);
                seen.detail = Some("its write-ahead log".into());
                return seen;
            }
        };
        if !is_as_it_was(&seen) || !is_as_it_was(&log_seen) {
            continue;
        }
        show_executions(&mut seen, &bytes, &log, salt);
        return seen;
    }
    seen.error = Some(Trouble::Other("it is being written all the time".into()));
    seen
}

/// What the code writes into service definitions, of which the file at this path is a part: of its text and that of the
/// modules that it imports nothing else leaves this room.
fn generators(path: &str, salt: &Salt) -> FileSeen {
    const TRIES: usize = 3;
    let (mut seen, _) = look(path, Part::Stat);
    seen.target = seen.target.take().map(|target| shape::text(&target, salt));
    let Some(code) = path.strip_suffix(reference::FILE) else { return seen };
    for _ in 0..TRIES {
        let mut read = Sources::new(code);
        let told = reference::evidence(&mut |path| read.text(path), wanted(), salt);
        if is_being_changed(code) || !read.files.iter().all(is_as_it_was) {
            continue;
        }
        show_generators(&mut seen, told, read.trouble);
        return seen;
    }
    seen.error = Some(Trouble::Other("it is being changed all the time".into()));
    seen
}

/// Makes what the code writes fit to be shown, or says why it cannot be told: what hindered reading it.
pub(super) fn show_generators(
    seen: &mut FileSeen,
    told: Option<String>,
    hindered: Option<(Trouble, Option<String>)>,
) {
    match (told, hindered) {
        (Some(told), _) => (seen.text, seen.error) = (Some(told), None),
        (None, Some((trouble, detail))) => (seen.error, seen.detail) = (Some(trouble), detail),
        (None, None) if seen.error.is_none() => {
            seen.error = Some(Trouble::Malformed);
            seen.detail = Some("nothing in it that writes definitions can be followed".into());
        }
        (None, None) => {}
    }
}

/// The definitions that this kind of host has.
const fn wanted() -> Wanted {
    if cfg!(target_os = "macos") { Wanted::Plist } else { Wanted::Units }
}

/// The source files of the code in a directory, as they are read one after the other.
struct Sources<'a> {
    /// The directory, with its slash.
    code: &'a str,
    files: Vec<FileSeen>,
    /// How many more bytes may be read.
    left: u64,
    /// What first hindered reading a file that is there.
    trouble: Option<(Trouble, Option<String>)>,
}

impl<'a> Sources<'a> {
    fn new(code: &'a str) -> Self {
        Self { code, files: Vec::new(), left: LARGEST_CODE, trouble: None }
    }

    fn text(&mut self, path: &str) -> Option<String> {
        let (seen, bytes) = look(&format!("{}{path}", self.code), Part::Whole(self.left));
        let hindered = |trouble: Trouble, detail: &str| {
            Some((trouble, Some(format!("{path}: {detail}")).filter(|_| !detail.is_empty())))
        };
        let text = match (bytes, &seen.error) {
            (Some(bytes), _) => String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                hindered(Trouble::Malformed, &format!("not UTF-8 at byte {at}"))
            }),
            (None, Some(Trouble::NotFound) | None) => Err(None),
            (None, Some(trouble)) => Err(hindered(trouble.clone(), "")),
        };
        match text {
            Ok(text) => {
                self.left = self.left.saturating_sub(u64::try_from(text.len()).unwrap_or(u64::MAX));
                self.files.push(seen);
                Some(text)
            }
            Err(hindered) => {
                self.trouble = self.trouble.take().or(hindered);
                None
            }
        }
    }
}

/// True while git takes another state of a checkout into place.
fn is_being_changed(code: &str) -> bool {
    let (lock, _) = look(&format!("{code}.git/index.lock"), Part::Stat);
    lock.mode.is_some()
}

/// Whether nobody has written a file since.
fn is_as_it_was(seen: &FileSeen) -> bool {
    let (now, _) = look(&seen.path, Part::Stat);
    (now.size, now.mtime) == (seen.size, seen.mtime)
}

/// The bytes of all source files together. Release 0.22.2 needs half of one MiB.
const LARGEST_CODE: u64 = 4 << 20;

/// A thousand rows, which is what Hermes keeps, have half of one MiB.
const DATABASE: Part = Part::Whole(8 << 20);

/// Whether a path can be looked at. One with bytes that are no UTF-8 was read with a mark in their place, and that what
/// the mark leads to is not there means nothing.
fn is_a_path(path: &str) -> Result<(), Trouble> {
    if !Path::new(path).is_absolute() {
        return Err(Trouble::Other("not an absolute path".into()));
    }
    if path.contains(char::REPLACEMENT_CHARACTER) {
        return Err(Trouble::Other("its path is not UTF-8".into()));
    }
    Ok(())
}

/// Reads without redaction; nothing of it may leave this file.
fn look(path: &str, part: Part) -> (FileSeen, Option<Vec<u8>>) {
    let mut seen = FileSeen { path: path.into(), ..FileSeen::default() };
    if let Err(trouble) = is_a_path(path) {
        seen.error = Some(trouble);
        return (seen, None);
    }
    // Hardly anything is a link, and most of what is asked for is not there: one call tells both.
    let stat = fs::symlink_metadata(path).and_then(|stat| {
        if !stat.is_symlink() {
            return Ok(stat);
        }
        seen.target = fs::read_link(path).ok().map(|target| target.to_string_lossy().into_owned());
        fs::metadata(path)
    });
    let bytes = match stat {
        Ok(stat) => {
            describe(&mut seen, &stat);
            content(&mut seen, &stat, part)
        }
        Err(error) => Err(trouble(&error)),
    };
    match bytes {
        Ok(bytes) => (seen, bytes),
        Err(trouble) => {
            if trouble == Trouble::NotFound && seen.target.is_some() {
                seen.kind = Some(Kind::Symlink);
            }
            seen.error = Some(trouble);
            (seen, None)
        }
    }
}

fn describe(seen: &mut FileSeen, stat: &Metadata) {
    seen.kind = kind(stat).filter(|kind| *kind != Kind::File);
    seen.mode = Some(octal(stat));
    seen.uid = Some(stat.uid());
    seen.gid = Some(stat.gid());
    seen.size = Some(stat.size());
    let nanoseconds = i32::try_from(stat.mtime_nsec()).unwrap_or_default();
    seen.mtime = Timestamp::new(stat.mtime(), nanoseconds).ok();
}

fn kind(stat: &Metadata) -> Option<Kind> {
    let kind = stat.file_type();
    Some(match () {
        () if kind.is_file() => Kind::File,
        () if kind.is_dir() => Kind::Directory,
        () if kind.is_fifo() => Kind::Fifo,
        () if kind.is_socket() => Kind::Socket,
        () if kind.is_block_device() || kind.is_char_device() => Kind::Device,
        () => return None,
    })
}

fn octal(stat: &Metadata) -> String {
    format!("{:04o}", stat.mode() & 0o7777)
}

fn content(seen: &mut FileSeen, stat: &Metadata, part: Part) -> Result<Option<Vec<u8>>, Trouble> {
    if matches!(part, Part::Stat | Part::Executions | Part::Generators) {
        return Ok(None);
    }
    if !stat.is_file() {
        return Err(Trouble::NotAFile);
    }
    let file = open(&seen.path, stat).map_err(|error| trouble(&error))?;
    // Something else may stand there by now, so what was opened has the last word.
    let stat = file.metadata().map_err(|error| trouble(&error))?;
    describe(seen, &stat);
    if !stat.is_file() {
        return Err(Trouble::NotAFile);
    }
    let bytes = match part {
        Part::Stat | Part::Executions | Part::Generators => return Ok(None),
        Part::Whole(limit) => whole(&file, stat.size(), limit)?,
        Part::Tail(limit) if stat.size() <= limit => {
            read_at(&file, stat.size(), 0, limit).map_err(|error| trouble(&error))?
        }
        Part::Tail(limit) => {
            let (offset, bytes) = tail(&file, stat.size(), limit)?;
            seen.offset = Some(offset);
            bytes
        }
    };
    Ok(Some(bytes))
}

/// Opens for reading. A FIFO that took the file's place does not block, a terminal does not become
/// ours, and where the file is ours, or we are root, even its time of last access stays.
fn open(path: &str, stat: &Metadata) -> io::Result<File> {
    let quiet = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    options.read(true);
    let may_leave_it = *OURSELVES == ROOT || stat.uid() == *OURSELVES;
    if may_leave_it {
        let file = options.custom_flags(flags(quiet | LEAVE_ACCESS_TIME)).open(path);
        // Ownership as the kernel sees it can differ, in a user namespace or on a network mount.
        if !matches!(&file, Err(error) if error.raw_os_error() == Some(Errno::PERM.raw_os_error()))
        {
            return file;
        }
    }
    options.custom_flags(flags(quiet)).open(path)
}

/// Whoever owns a file, its time of access can be left alone by root.
const ROOT: u32 = 0;

/// The user whose files leave their time of access alone.
static OURSELVES: LazyLock<u32> = LazyLock::new(|| rustix::process::geteuid().as_raw());

fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

/// All of a file, which must not have more bytes than the limit, whatever `stat` said.
fn whole(file: &File, size: u64, limit: u64) -> Result<Vec<u8>, Trouble> {
    if size > limit {
        return Err(Trouble::TooLarge);
    }
    // A file of /proc has size 0 and content all the same; any file may grow while it is read.
    let bytes = read_at(file, size, 0, limit.saturating_add(1)).map_err(|error| trouble(&error))?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read > limit) {
        return Err(Trouble::TooLarge);
    }
    Ok(bytes)
}

/// The last lines of a file that has more bytes than the limit, and where they begin.
fn tail(file: &File, size: u64, limit: u64) -> Result<(u64, Vec<u8>), Trouble> {
    // One byte more, which tells whether a line begins exactly at the limit.
    let start = size.saturating_sub(limit).saturating_sub(1);
    let bytes =
        read_at(file, size, start, limit.saturating_add(1)).map_err(|error| trouble(&error))?;
    let before = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
    let offset = start.saturating_add(u64::try_from(before).unwrap_or(u64::MAX));
    Ok((offset, bytes.get(before..).unwrap_or_default().to_vec()))
}

fn read_at(file: &File, size: u64, start: u64, limit: u64) -> io::Result<Vec<u8>> {
    // Nearly all files are small.
    const FIRST_STEP: usize = 8 << 10;
    const STEP: usize = 64 << 10;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    // One byte more, into which a file grows that is written meanwhile.
    let expected = usize::try_from(size.saturating_sub(start)).unwrap_or(0).saturating_add(1);
    let mut bytes = Vec::with_capacity(expected.min(limit));
    while bytes.len() < limit {
        let filled = bytes.len();
        let step = if filled == 0 { FIRST_STEP } else { STEP };
        bytes.resize(filled.saturating_add(step).min(limit), 0);
        let position = start.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
        let read = loop {
            match file.read_at(bytes.get_mut(filled..).unwrap_or_default(), position) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        bytes.truncate(filled.saturating_add(read));
        let end = position.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        // A file of /proc has size 0, and tells its end by an empty read alone.
        if read == 0 || (end == size && size > 0) {
            break;
        }
    }
    Ok(bytes)
}

/// The names in a directory.
pub(super) fn directory(path: &str) -> DirectorySeen {
    let mut seen = DirectorySeen { path: path.into(), ..DirectorySeen::default() };
    if let Err(trouble) = list(&mut seen) {
        seen.error = Some(trouble);
    }
    // Without a mode nobody found it. What looks like a secret is not told.
    if seen.mode.is_some() {
        let real = fs::canonicalize(path).ok();
        let real = real.map(|real| real.to_string_lossy().into_owned());
        seen.target =
            real.filter(|real| real != path.trim_end_matches('/') && shape::is_clean(real));
    }
    keep_clear_names(&mut seen);
    seen
}

/// Leaves out the names that may not be seen.
pub(super) fn keep_clear_names(seen: &mut DirectorySeen) {
    if let Some(names) = &mut seen.entries {
        names.retain(|name| redacted::is_clear_name(&seen.path, name));
    }
}

fn list(seen: &mut DirectorySeen) -> Result<(), Trouble> {
    is_a_path(&seen.path)?;
    let stat = fs::metadata(&seen.path).map_err(|error| trouble(&error))?;
    seen.mode = Some(octal(&stat));
    seen.uid = Some(stat.uid());
    if !stat.is_dir() {
        return Err(Trouble::Other("not a directory".into()));
    }
    let real = fs::canonicalize(&seen.path).ok();
    let real = real.map(|real| real.to_string_lossy().into_owned());
    seen.target = real.filter(|real| *real != seen.path);
    let directory = open(&seen.path, &stat).map_err(|error| trouble(&error))?;
    let mut names = Vec::new();
    let mut full = false;
    for entry in Dir::new(directory).map_err(|error| trouble(&error.into()))? {
        let entry = entry.map_err(|error| trouble(&error.into()))?;
        let name = entry.file_name().to_string_lossy();
        if matches!(name.as_ref(), "." | "..") {
            continue;
        }
        if names.len() == MOST_NAMES {
            full = true;
            break;
        }
        names.push(name.into_owned());
    }
    names.sort_unstable();
    seen.entries = Some(names);
    if full { Err(Trouble::TooLarge) } else { Ok(()) }
}

/// The files in a directory that have this ending and mention Hermes, in their text or their name.
/// One that cannot be read leaves the search incomplete, for it may mention Hermes too.
pub(super) fn definitions(directory: &str, ending: &str, salt: &Salt) -> Seen<FileSeen> {
    let mut listed = DirectorySeen { path: directory.into(), ..DirectorySeen::default() };
    listed.error = list(&mut listed).err();
    let mut found = Seen::complete(Vec::new());
    match listed.error {
        Some(Trouble::NotFound) => return found,
        Some(trouble) if listed.entries.is_none() => return Seen::failed(trouble),
        trouble => {
            found.complete = trouble.is_none();
            found.trouble = trouble;
        }
    }
    let names: Vec<&String> =
        listed.entries.iter().flatten().filter(|name| name.ends_with(ending)).collect();
    for outcome in side_by_side(&names, |name| definition_file(directory, name, salt)) {
        match outcome {
            Ok(seen) => found.list.extend(seen),
            Err(trouble) => {
                found.complete = false;
                found.trouble.get_or_insert(trouble);
            }
        }
    }
    found
}

/// A file that may be a service's definition, if it speaks of Hermes.
fn definition_file(directory: &str, name: &str, salt: &Salt) -> Result<Option<FileSeen>, Trouble> {
    let (mut seen, bytes) = look(&format!("{directory}/{name}"), Part::SMALL);
    let named = mentions_hermes(name.as_bytes());
    match (&bytes, &seen.error) {
        (Some(bytes), _) if named || mentions_hermes(bytes) => {
            show(&mut seen, Some(bytes), salt);
            Ok(Some(seen))
        }
        // A masked unit leads to /dev/null, an alias whose target is gone leads nowhere.
        (None, _) if named => {
            show(&mut seen, None, salt);
            Ok(Some(seen))
        }
        (None, Some(Trouble::NotFound | Trouble::NotAFile) | None) | (Some(_), _) => Ok(None),
        (None, Some(trouble)) => Err(trouble.clone()),
    }
}

fn mentions_hermes(text: &[u8]) -> bool {
    text.windows(b"hermes".len()).any(|word| word.eq_ignore_ascii_case(b"hermes"))
}

/// What an error of the operating system says of the thing that was looked at.
pub(super) fn trouble(error: &io::Error) -> Trouble {
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::SRCH) => Trouble::NotFound,
        Some(Errno::ACCESS | Errno::PERM) => Trouble::PermissionDenied,
        Some(Errno::LOOP) => Trouble::SymlinkLoop,
        Some(Errno::ISDIR | Errno::NXIO) => Trouble::NotAFile,
        Some(Errno::TIMEDOUT) => Trouble::TimedOut,
        _ => Trouble::Other(plain(error)),
    }
}

/// An error in the words of the operating system, without Rust's "(os error 5)".
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests;
