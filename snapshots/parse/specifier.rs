//! The specifiers of a unit, such as `%h` and `%i`: those of which it is known from here what they stand for are put
//! in place. Every other stays as it is written, and so does `%%`, which is for the reader of the line.

/// What specifiers stand for, in one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Specifiers(Vec<(char, String)>);

impl Specifiers {
    /// Those of the unit of this name, of a manager whose user has this home and this name.
    pub fn of(unit: &str, home: Option<&str>, user: Option<&str>) -> Self {
        let stem = unit.rsplit_once('.').map_or(unit, |(stem, _)| stem);
        let (prefix, instance) = stem.split_once('@').unwrap_or((stem, ""));
        let mut known = vec![('n', unit), ('N', stem), ('p', prefix)];
        // A template has none yet.
        known.extend((!instance.is_empty()).then_some(('i', instance)));
        // Unescaped, it is another text only where there is something to unescape.
        let is_plain = !instance.is_empty() && !instance.contains(['-', '\\']);
        known.extend(is_plain.then_some(('I', instance)));
        known.extend(home.map(|home| ('h', home)));
        known.extend(user.map(|user| ('u', user)));
        // systemd splits a line into words first: what would be split stays a specifier.
        let splits = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '%' | '$');
        let known = known.into_iter().filter(|(_, value)| !value.contains(splits));
        Self(known.map(|(name, value)| (name, value.to_string())).collect())
    }

    /// A text with those that are known in place.
    pub fn resolve(&self, text: &str) -> String {
        let mut resolved = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                resolved.push(c);
                continue;
            }
            let name = chars.next();
            let known = self.0.iter().find(|(known, _)| Some(*known) == name);
            if let Some((_, value)) = known {
                resolved.push_str(value);
            } else {
                resolved.push('%');
                resolved.extend(name);
            }
        }
        resolved
    }
}

/// The template of which a unit is an instance: `hermes@.service` of `hermes@coder.service`.
pub fn template_of(unit: &str) -> Option<String> {
    let (prefix, rest) = unit.split_once('@')?;
    let (instance, ending) = rest.rsplit_once('.')?;
    (!instance.is_empty()).then(|| format!("{prefix}@.{ending}"))
}

/// Whether a unit is a template, which cannot be started by itself.
pub fn is_template(unit: &str) -> bool {
    unit.split_once('@').is_some_and(|(_, rest)| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_known_is_put_in_place_and_the_rest_stays() {
        let unit = Specifiers::of("hermes@coder.service", Some("/home/a"), Some("a"));
        for (text, expected) in [
            ("%h/.hermes/profiles/%i", "/home/a/.hermes/profiles/coder"),
            ("%p %N %n %u", "hermes hermes@coder hermes@coder.service a"),
            ("100%% %%h %t %", "100%% %%h %t %"),
            ("", ""),
        ] {
            assert_eq!(unit.resolve(text), expected);
        }
        let odd = Specifiers::of("u.service", Some("/home/a b"), None);
        assert_eq!(odd.resolve("%h%i"), "%h%i");
    }

    #[test]
    fn an_instance_has_a_template_and_a_template_has_none() {
        assert_eq!(template_of("hermes@coder.service").as_deref(), Some("hermes@.service"));
        for other in ["hermes@.service", "hermes.service", "hermes@coder", "@"] {
            assert_eq!(template_of(other), None, "{other}");
        }
        assert!(is_template("hermes@.service") && !is_template("hermes@a.service"));
    }

    proptest! {
        #[test]
        fn a_text_without_a_percent_sign_stays_as_it_is(unit in ".*", text in "[^%]*") {
            prop_assert_eq!(Specifiers::of(&unit, Some("/h"), None).resolve(&text), text);
        }
    }
}
