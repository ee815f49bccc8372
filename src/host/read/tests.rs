//! Every kind of thing that can stand where a file should.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::host::tests::{rerun, reruns};

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), content).expect("a file");
        self
    }

    fn look(&self, name: &str, part: Part) -> FileSeen {
        file(self.path(name).to_str().expect("UTF-8"), part, &Salt(b"test".to_vec()))
    }
}

#[test]
fn a_file_is_read_with_what_stat_says_of_it() {
    let home = Home::new().with("ticker_heartbeat", "1795228690.2");
    fs::set_permissions(home.path("ticker_heartbeat"), Permissions::from_mode(0o640))
        .expect("ours");
    let seen = home.look("ticker_heartbeat", Part::SMALL);
    assert_eq!(seen.text.as_deref(), Some("1795228690.2"));
    assert_eq!(seen.mode.as_deref(), Some("0640"));
    assert_eq!(seen.size, Some(12));
    assert_eq!(seen.uid, Some(rustix::process::geteuid().as_raw()));
    assert!(seen.mtime.is_some());
    assert_eq!((seen.kind, seen.target, seen.error), (None, None, None));
}

#[test]
fn stat_alone_reads_nothing() {
    let home = Home::new().with("ticker_heartbeat", "1");
    let seen = home.look("ticker_heartbeat", Part::Stat);
    assert_eq!((seen.text, seen.size, seen.error), (None, Some(1), None));
    let seen = file(home.0.path().to_str().expect("UTF-8"), Part::Stat, &Salt(Vec::new()));
    assert_eq!((seen.kind, seen.error), (Some(Kind::Directory), None));
}

#[test]
fn what_is_no_file_is_not_opened() {
    let home = Home::new();
    let made = std::process::Command::new("mkfifo").arg(home.path("gateway.pid")).status();
    assert!(made.is_ok_and(|status| status.success()));
    fs::create_dir(home.path("config.yaml")).expect("a directory");
    let _socket = UnixListener::bind(home.path(".env")).expect("a socket");
    symlink("/dev/null", home.path("jobs.json")).expect("a link");
    for (name, kind) in [
        // To open it would wait for a writer.
        ("gateway.pid", Kind::Fifo),
        ("config.yaml", Kind::Directory),
        (".env", Kind::Socket),
        ("jobs.json", Kind::Device),
    ] {
        for part in [Part::SMALL, Part::LOG] {
            let seen = home.look(name, part);
            assert_eq!(seen.error, Some(Trouble::NotAFile), "{name}");
            assert_eq!(seen.kind, Some(kind), "{name}");
            assert_eq!((seen.text, seen.base64), (None, None), "{name}");
            assert!(seen.mode.is_some(), "{name}");
        }
    }
}

#[test]
fn what_is_not_there_is_not_there_on_every_way() {
    let home = Home::new().with("file", "");
    for name in ["gateway.pid", "no/gateway.pid", "file/gateway.pid"] {
        let seen = home.look(name, Part::SMALL);
        assert_eq!((seen.error, seen.kind), (Some(Trouble::NotFound), None), "{name}");
    }
}

#[test]
fn links_are_followed_and_named() {
    let home = Home::new().with("active_profile", "coder");
    symlink("active_profile", home.path("link")).expect("a link");
    fs::create_dir(home.path("d")).expect("a directory");
    symlink("../active_profile", home.path("d/active_profile")).expect("a link");
    let seen = home.look("d/active_profile", Part::SMALL);
    assert_eq!(seen.text.as_deref(), Some("coder"));
    assert_eq!(seen.target.as_deref(), Some("../active_profile"));

    symlink("nowhere", home.path("dangling")).expect("a link");
    let seen = home.look("dangling", Part::SMALL);
    assert_eq!(seen.error, Some(Trouble::NotFound));
    assert_eq!((seen.kind, seen.target.as_deref()), (Some(Kind::Symlink), Some("nowhere")));

    symlink("b", home.path("a")).expect("a link");
    symlink("a", home.path("b")).expect("a link");
    assert_eq!(home.look("a", Part::SMALL).error, Some(Trouble::SymlinkLoop));
}

#[test]
fn a_huge_file_is_not_read_and_of_a_huge_log_only_the_end() {
    let home = Home::new();
    let huge = File::create(home.path("gateway.log")).expect("a file");
    huge.set_len(1 << 30).expect("a hole");
    huge.write_all_at(
        b"\n2026-11-21 01:22:01,932 INFO gateway.run: Starting Hermes Gateway...\n",
        1 << 30,
    )
    .expect("a line");
    let seen = home.look("gateway.log", Part::SMALL);
    assert_eq!((seen.error, seen.text), (Some(Trouble::TooLarge), None));
    assert!(seen.size.is_some_and(|size| size > 1 << 30));

    let seen = home.look("gateway.log", Part::LOG);
    assert_eq!(seen.error, None);
    assert_eq!(seen.offset, Some((1 << 30) + 1));
    assert!(seen.text.is_some_and(|text| text.contains("Starting Hermes Gateway")));
}

#[test]
fn a_limit_is_met_exactly() {
    let home = Home::new().with("active_profile", "12345");
    assert_eq!(home.look("active_profile", Part::Whole(5)).text.as_deref(), Some("12345"));
    assert_eq!(home.look("active_profile", Part::Whole(4)).error, Some(Trouble::TooLarge));
}

#[test]
fn an_end_begins_at_the_start_of_a_line() {
    let tail = |content: &str, limit| {
        let seen = Home::new()
            .with("gateway-starts.log", content)
            .look("gateway-starts.log", Part::Tail(limit));
        (seen.text.expect("text"), seen.offset)
    };
    let text = |text: &str| text.to_string();
    assert_eq!(tail("aa\nbb\ncc\n", 100), (text("aa\nbb\ncc\n"), None));
    assert_eq!(tail("aa\nbb\ncc\n", 9), (text("aa\nbb\ncc\n"), None));
    assert_eq!(tail("aa\nbb\ncc\n", 8), (text("bb\ncc\n"), Some(3)));
    assert_eq!(tail("aa\nbb\ncc\n", 6), (text("bb\ncc\n"), Some(3)));
    assert_eq!(tail("aa\nbb\ncc\n", 5), (text("cc\n"), Some(6)));
    // A line longer than the limit has its start out of sight, and is not shown in part.
    assert_eq!(tail("aaaaaaaaa", 4), (text(""), Some(9)));
}

#[test]
fn a_path_that_depends_on_where_we_are_is_refused() {
    let salt = Salt(Vec::new());
    assert!(matches!(file("Cargo.toml", Part::SMALL, &salt).error, Some(Trouble::Other(_))));
    assert!(matches!(file("/a\0b", Part::SMALL, &salt).error, Some(Trouble::Other(_))));
    assert!(matches!(directory("src").error, Some(Trouble::Other(_))));
}

#[test]
fn a_directory_behind_a_symbolic_link_says_where_it_is() {
    let home = Home::new();
    let real = fs::canonicalize(home.0.path()).expect("a directory").join("data");
    fs::create_dir_all(real.join("profiles")).expect("a directory");
    symlink(&real, home.path("link")).expect("a link");
    let look = |name: &str| directory(home.path(name).to_str().expect("UTF-8")).target;
    assert_eq!(look("link").as_deref(), real.to_str());
    assert_eq!(look("link/profiles").as_deref(), real.join("profiles").to_str());
    assert_eq!(look("link/none"), None);
    let real = real.to_str().expect("UTF-8");
    assert_eq!(directory(real).target, None);
    assert_eq!(directory(&format!("{real}/")).target, None);
}

#[test]
fn a_directory_is_listed_in_order_and_what_is_none_says_so() {
    let home = Home::new()
        .with("cron", "")
        .with("config.yaml", "")
        .with(".env", "")
        .with("love-letter.txt", "");
    let at = |path: &Path| directory(path.to_str().expect("UTF-8"));
    fs::set_permissions(home.0.path(), Permissions::from_mode(0o700)).expect("ours");
    let seen = at(home.0.path());
    assert_eq!(seen.entries.expect("names"), [".env", "config.yaml", "cron"]);
    assert_eq!((seen.mode.as_deref(), seen.error), (Some("0700"), None));
    assert_eq!(at(&home.path("none")).error, Some(Trouble::NotFound));
    assert!(matches!(at(&home.path("cron")).error, Some(Trouble::Other(_))));
}

#[test]
fn definitions_are_the_files_that_mention_hermes() {
    let home = Home::new()
        .with("gateway.service", "[Service]\nExecStart=/opt/Hermes/bin/python -m x\n")
        .with("other.service", "[Service]\nExecStart=/bin/true\n")
        .with("hermes.txt", "hermes");
    symlink("/dev/null", home.path("hermes-gateway.service")).expect("a masked unit");
    symlink("/dev/null", home.path("masked.service")).expect("a masked unit");
    symlink("gone", home.path("alias.service")).expect("a link");
    fs::create_dir(home.path("odd.service")).expect("a directory");
    let path = home.0.path().to_str().expect("UTF-8");
    let found = definitions(path, ".service", &Salt(Vec::new()));
    let names: Vec<_> =
        found.list.iter().map(|file| file.path.trim_start_matches(path).to_string()).collect();
    assert_eq!(names, ["/gateway.service", "/hermes-gateway.service"]);
    assert_eq!((found.complete, found.trouble), (true, None));

    let none = definitions(&format!("{path}/none"), ".service", &Salt(Vec::new()));
    assert_eq!((none.list.len(), none.complete), (0, true));
}

#[test]
fn what_we_may_not_read_is_neither_missing_nor_silently_left_out() {
    if rustix::process::geteuid().is_root() {
        // Root may read everything, so the test is repeated as nobody.
        rerun(
            "host::read::tests::what_we_may_not_read_is_neither_missing_nor_silently_left_out",
            |command| {
                std::os::unix::process::CommandExt::uid(command, 65534);
            },
        );
        return;
    }
    let home = Home::new().with("gateway.pid", "1").with("other.service", "[Service]\n");
    fs::create_dir(home.path("shut")).expect("a directory");
    fs::write(home.path("shut/gateway.pid"), "1").expect("a file");
    for (name, mode) in [("gateway.pid", 0o000), ("other.service", 0o000), ("shut", 0o000)] {
        fs::set_permissions(home.path(name), Permissions::from_mode(mode)).expect("ours");
    }

    let seen = home.look("gateway.pid", Part::SMALL);
    assert_eq!(seen.error, Some(Trouble::PermissionDenied));
    assert_eq!((seen.mode.as_deref(), seen.uid.is_some()), (Some("0000"), true));

    let seen = home.look("shut/gateway.pid", Part::SMALL);
    assert_eq!(seen.error, Some(Trouble::PermissionDenied));
    assert_eq!((seen.mode, seen.uid), (None, None), "what is behind a shut door is not known");

    let seen = directory(home.path("shut").to_str().expect("UTF-8"));
    assert_eq!((seen.error, seen.mode.as_deref()), (Some(Trouble::PermissionDenied), Some("0000")));

    let path = home.0.path().to_str().expect("UTF-8");
    let found = definitions(path, ".service", &Salt(Vec::new()));
    assert_eq!((found.complete, found.trouble), (false, Some(Trouble::PermissionDenied)));
    fs::set_permissions(home.path("shut"), Permissions::from_mode(0o700)).expect("ours");
    reruns();
}

#[test]
fn where_a_link_leads_is_shown_without_what_looks_like_a_secret() {
    let home = Home::new();
    let target = "/srv/sk-planted0123456789/hermes.service";
    for name in ["link", "hermes.service"] {
        symlink(target, home.path(name)).expect("a link");
    }
    let listed = definitions(home.0.path().to_str().expect("UTF-8"), ".service", &Salt(Vec::new()));
    for seen in [home.look("link", Part::SMALL), listed.list.into_iter().next().expect("one")] {
        let shown = seen.target.expect("a target");
        assert!(shown.starts_with("/srv/‹") && !shown.contains("planted"), "{shown}");
    }
}

/// A checkout with a generator of ours.
fn checkout() -> Home {
    let home = Home::new();
    fs::create_dir(home.path("hermes_cli")).expect("a directory");
    fs::create_dir(home.path(".git")).expect("a directory");
    home.with("hermes_cli/gateway.py", GENERATOR)
}

const GENERATOR: &str =
    include_str!("../../../snapshots/generator/fixtures/text/hermes_cli/gateway.py");

#[test]
fn of_the_code_only_what_it_writes_is_handed_over() {
    let home = checkout();
    let seen = home.look(reference::FILE, Part::Generators);
    let text = seen.text.expect("what it writes");
    assert!(text.contains("hermes_cli/gateway.py"), "{text}");
    for of_source in ["def ", "import ", "docstring", "IN_A_COMMENT", "shutil"] {
        assert!(!text.contains(of_source), "{of_source}: {text}");
    }
    assert_eq!(seen.size, u64::try_from(GENERATOR.len()).ok());
    assert_eq!((seen.error, seen.base64), (None, None));
}

#[test]
fn what_owners_put_into_a_template_is_not_handed_over() {
    let secret = "swordfish-and-more-of-it";
    let planted = GENERATOR.replace(
        "KillMode=mixed\n",
        &format!(
            "KillMode=mixed\nEnvironment=\"MY_API_KEY={secret}\" NOTE={secret}\nX-Mine={secret}\n\
             ExecStartPre=/bin/true --token {secret}\nLoadCredential=a:{secret}\n"
        ),
    );
    assert_ne!(planted, GENERATOR);
    let home = checkout().with("hermes_cli/gateway.py", planted);
    let text = home.look(reference::FILE, Part::Generators).text.expect("what it writes");
    for name in ["MY_API_KEY", "NOTE", "X-Mine", "LoadCredential", "ExecStartPre"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(!text.contains(secret), "{text}");
}

#[test]
fn code_that_cannot_be_read_says_why_and_is_no_answer() {
    let look = |home: &Home| {
        let seen = home.look(reference::FILE, Part::Generators);
        assert_eq!((&seen.text, &seen.base64), (&None, &None), "{seen:?}");
        seen.error.expect("a reason")
    };
    let gateway = "hermes_cli/gateway.py";
    for (text, expected) in [
        (&b"def generate_systemd_unit(): return 1\n"[..], Trouble::Malformed),
        (b"# nothing\n", Trouble::Malformed),
        (b"", Trouble::Malformed),
        (b"def generate_systemd_unit(): return '\xff'\n", Trouble::Malformed),
    ] {
        assert_eq!(look(&checkout().with(gateway, text)), expected, "{text:?}");
    }
    let home = checkout();
    fs::remove_file(home.path(gateway)).expect("ours");
    assert_eq!(look(&home), Trouble::NotFound);

    let made = std::process::Command::new("mkfifo").arg(home.path(gateway)).status();
    assert!(made.is_ok_and(|status| status.success()));
    assert_eq!(look(&home), Trouble::NotAFile);

    fs::remove_file(home.path(gateway)).expect("ours");
    symlink("gateway.py", home.path(gateway)).expect("a link");
    assert_eq!(look(&home), Trouble::SymlinkLoop);

    fs::remove_file(home.path(gateway)).expect("ours");
    let huge = File::create(home.path(gateway)).expect("a file");
    huge.set_len(50 << 20).expect("a hole");
    assert_eq!(look(&home), Trouble::TooLarge);

    // While git takes another commit into place, what is read may be of two.
    let home = checkout().with(".git/index.lock", "");
    assert!(matches!(look(&home), Trouble::Other(_)));
}

#[test]
fn a_module_that_cannot_be_read_leaves_open_what_it_would_add() {
    let text = "from hermes_cli.gateway_more import more\n\
                def generate_systemd_unit(): return '[Service]\\nNice=1\\n' + more()\n";
    let home = checkout().with("hermes_cli/gateway.py", text);
    let more = home.path("hermes_cli/gateway_more.py");
    let made = std::process::Command::new("mkfifo").arg(more).status();
    assert!(made.is_ok_and(|status| status.success()));
    let seen = home.look(reference::FILE, Part::Generators);
    let told = seen.text.expect("what it writes");
    assert!(told.contains("\"open\":true") && told.contains("Nice"), "{told}");
}

#[test]
fn what_makes_no_sense_is_read_once_more_and_nothing_else_is() {
    let torn = || FileSeen { error: Some(Trouble::Malformed), ..FileSeen::default() };
    let whole = || FileSeen { text: Some("{}".into()), ..FileSeen::default() };
    let missing = || FileSeen { error: Some(Trouble::NotFound), ..FileSeen::default() };
    for (looks, expected) in [
        (vec![torn(), whole()], whole()),
        (vec![torn(), torn()], torn()),
        (vec![whole()], whole()),
        (vec![missing()], missing()),
    ] {
        let count = looks.len();
        let mut left = looks.into_iter();
        let mut asked = 0;
        let seen = twice(|| {
            asked += 1;
            left.next().expect("no further look")
        });
        assert_eq!((seen, asked), (expected, count));
    }
}

#[test]
fn a_document_that_is_broken_for_good_is_called_so() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("jobs.json");
    fs::write(&path, "{\"jobs\": [").expect("a file");
    let seen = file(path.to_str().expect("UTF-8"), Part::SMALL, &Salt(b"test".to_vec()));
    assert_eq!(seen.error, Some(Trouble::Malformed));
}
