//! The HTML report in a real browser, and the picture of it in the README: a photograph of `report.html`, which is the program's real output.
//! Where no Chromium is installed, the part that needs one is skipped and says so.
//!
//! `UPDATE_EXPECT=1` rewrites both: look at them before you keep them.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

mod skipped;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use skipped::skipped;

const HOST: &str = "snapshots/hosts/linux-foreground-owns-port/snapshot.json";
const PICTURE: &str = "tests/report.png";

#[test]
fn the_page_in_the_readme_is_what_the_program_prints() {
    let page = page(HOST);
    let path = root().join("tests/report.html");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let browser = Browser::find().expect("the picture needs a Chromium");
        fs::write(root().join(PICTURE), browser.photograph(&page, &[])).expect("write the picture");
        fs::write(&path, &page).expect("write the page");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "{} is not what the program prints", path.display());
    let picture = fs::read(root().join(PICTURE)).expect("the picture");
    assert!(picture.starts_with(b"\x89PNG") && picture.len() < 200_000, "{}", picture.len());
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    assert!(readme.contains(PICTURE), "the README shows another picture");
}

#[test]
fn a_browser_shows_the_page_as_it_is_meant() {
    let Some(browser) = Browser::find() else {
        return skipped("no Chromium is installed");
    };
    let page = page(HOST);
    // It builds the same elements, and adds none.
    let built = browser.run(&page, &["--dump-dom"]);
    let built = String::from_utf8(built).expect("UTF-8");
    for tag in ["<h1", "<section", "<details", "<details id=\"g1-f1\" open", "<li", "<a ", "<code"]
    {
        let [ours, theirs] = [page.as_str(), &built].map(|text| text.matches(tag).count());
        assert_eq!(ours, theirs, "{tag}: {built}");
    }
    assert!(!built.contains("<script"), "{built}");
    let light = browser.photograph(&page, &[]);
    let dark = browser.photograph(&page, &["--blink-settings=preferredColorScheme=0"]);
    assert!(light != dark, "dark and light look the same");
    // Its own policy lets its style through, and no other.
    let policy = page.replacen("'sha256-", "'sha256-A", 1);
    assert!(light != browser.photograph(&policy, &[]), "the style was never applied");
    let other = page.replacen("</head>", "<style>* { display: none }</style></head>", 1);
    assert!(light == browser.photograph(&other, &[]), "the policy lets another style through");
    let script = "<script>document.body.remove()</script></body>";
    let script = browser.run(&page.replacen("</body>", script, 1), &["--dump-dom"]);
    assert!(String::from_utf8_lossy(&script).contains("<h1"), "the policy lets a script run");
}

/// Where they are installed: all that can be unfolded stands on paper too.
#[test]
fn on_paper_everything_is_unfolded() {
    let is_there = Command::new("pdftotext").arg("-v").stderr(Stdio::null()).status().is_ok();
    let Some(browser) = Browser::find().filter(|_| is_there) else {
        return skipped("no Chromium, or no pdftotext, is installed");
    };
    let folder = tempfile::tempdir().expect("a directory");
    let paper = folder.path().join("page.pdf");
    browser.run(
        &page(HOST),
        &["--no-pdf-header-footer", &format!("--print-to-pdf={}", paper.display())],
    );
    let text = Command::new("pdftotext").arg(&paper).arg("-").output().expect("its text");
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for words in [
        "not supervised",
        "No evidence was kept",
        "cannot tell when the event loop",
        "pass port/no-listener",
    ] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
}

/// Where it is installed: a checker of HTML finds no fault in any page.
#[test]
fn a_checker_of_html_finds_no_fault() {
    let folder = tempfile::tempdir().expect("a directory");
    for host in fs::read_dir(root().join("snapshots/hosts")).expect("the recorded hosts") {
        let host = host.expect("a host").path().join("snapshot.json");
        let path = folder.path().join("page.html");
        fs::write(&path, page(host.to_str().expect("UTF-8"))).expect("write the page");
        let Ok(tidy) = Command::new("tidy").args(["-errors", "-quiet"]).arg(&path).output() else {
            return skipped("tidy is not installed");
        };
        let said = String::from_utf8_lossy(&tidy.stderr);
        assert!(tidy.status.success() && said.is_empty(), "{}: {said}", host.display());
    }
}

struct Browser(PathBuf);

impl Browser {
    /// One from the system, or the one that Playwright has fetched.
    fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        let of_system = std::env::split_paths(&path)
            .flat_map(|folder| names.map(|name| folder.join(name)))
            .collect::<Vec<_>>();
        let cache = std::env::home_dir().unwrap_or_default().join(".cache/ms-playwright");
        let fetched = fs::read_dir(cache).into_iter().flatten().flatten();
        let fetched = fetched.map(|entry| entry.path().join("chrome-linux/chrome"));
        of_system.into_iter().chain(fetched).find(|path| path.is_file()).map(Self)
    }

    fn photograph(&self, page: &str, args: &[&str]) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a directory");
        let picture = folder.path().join("page.png");
        let screenshot = format!("--screenshot={}", picture.display());
        self.run(page, &[args, &["--window-size=960,960", &screenshot]].concat());
        fs::read(picture).expect("a picture")
    }

    /// What the browser prints. It has nothing of the user's, and shows nothing but our own page.
    fn run(&self, page: &str, args: &[&str]) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("page.html");
        fs::write(&path, page).expect("write the page");
        let output = Command::new(&self.0)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .args(["--force-device-scale-factor=1", "--no-first-run"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .args(args)
            .arg(format!("file://{}", path.display()))
            .stdin(Stdio::null())
            .output()
            .expect("run the browser");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

fn page(host: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(["check", "--format", "html", "--from", host])
        .current_dir(root())
        .env_clear()
        .output()
        .expect("run gw-doctor");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
