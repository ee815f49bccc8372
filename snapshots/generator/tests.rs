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
