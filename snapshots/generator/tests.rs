use super::*;

#[test]
fn tmp_real() {
    for release in ["0.19.0", "0.21.5", "0.22.2"] {
        let root = format!("/root/.cache/gw-lab/hermes-{release}/lib/python3.11/site-packages");
        let start = std::time::Instant::now();
        let mut load = |path: &str| {
            let at = format!("{root}/{path}");
            #[allow(clippy::disallowed_methods)]
            std::fs::read_to_string(at).ok()
        };
        let found = read(&mut load);
        eprintln!("=== {release} {:?} files {:?}", start.elapsed(), found.files);
        for (name, document) in
            [("user", &found.user_unit), ("system", &found.system_unit), ("plist", &found.plist)]
        {
            let Some(document) = document else {
                eprintln!("--- {name}: cannot tell");
                continue;
            };
            eprintln!("--- {name}: open {}", document.is_open);
            for setting in &document.settings {
                let value = setting.value.join(" | ").replace(ANY, "‹any›");
                let value: String = value.chars().take(300).collect();
                eprintln!("{:?} {} = {}", setting.when, setting.path.join("/"), value);
            }
        }
    }
}

#[test]
fn tmp_bench() {
    use std::time::Instant;
    for release in ["0.19.0", "0.21.5", "0.22.2"] {
        let root = format!("/root/.cache/gw-lab/hermes-{release}/lib/python3.11/site-packages");
        let mut texts = std::collections::BTreeMap::new();
        let (mut best, mut best_outline) = (u128::MAX, 0);
        for _ in 0..30 {
            let start = Instant::now();
            let mut outline = 0;
            let mut load = |path: &str| {
                #[allow(clippy::disallowed_methods)]
                let text = texts
                    .entry(path.to_string())
                    .or_insert_with(|| std::fs::read_to_string(format!("{root}/{path}")).ok())
                    .clone();
                if let Some(t) = &text {
                    let s = Instant::now();
                    let _ = crate::parse::python::Source::read(t.clone());
                    outline += s.elapsed().as_micros();
                }
                text
            };
            let found = read(&mut load);
            assert!(found.plist.is_some());
            let took = start.elapsed().as_micros();
            if took < best {
                best = took;
                best_outline = outline;
            }
        }
        eprintln!("{release}: {best} us, of which outlines twice {best_outline} us");
    }
}
